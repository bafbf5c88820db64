import type { Refusal } from '../../contract/problem.ts'
import type { ConsultationView, EventName } from '../../contract/consultations/waiting-room.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import { eventBetween, isLast, toView } from '../../rules/consultations/events.ts'
import type { ChangeBus } from './ports.ts'
import { findConsultation, type FindConsultationDeps } from './consultations.ts'
import { DONE, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

/** What watching a consultation needs. */
export type WatchConsultationDeps = FindConsultationDeps & { changeBus: ChangeBus }

/** Whoever is told. */
export type ConsultationObserver = {
  /** @param last whether nothing follows */
  notify(event: EventName, view: ConsultationView, last: boolean): void
  /** Nothing can be told for now; the listener should come again. */
  onError(error: unknown): void
}

/** Somebody who watches. */
export type Watch = {
  /** Tells what the time alone changed. */
  refresh(): void
  stop(): void
}

/**
 * Tells a listener how a consultation stands now, and from then on what changes for that listener: at once on every
 * instance, for whatever changes rings the changeBus.
 * @returns the watch, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function watchConsultation(
  deps: WatchConsultationDeps,
  requester: Requester,
  id: string,
  listener: ConsultationObserver,
): Promise<Watch | Refusal> {
  const found = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  if ('code' in found) return found
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const teller = createNotifier(deps, requester, listener)
  let reading = false
  let again = false
  const read = async () => {
    again = true
    if (reading) return
    reading = true
    // Rings that come while the store is asked are answered by requester once more.
    while (again && !teller.ended()) {
      again = false
      const consultation = await deps.consultations.findById(id)
      if (consultation !== undefined) teller.show(consultation)
    }
    reading = false
  }
  const stopListening = deps.changeBus.subscribe(id, () => void read().catch(listener.onError))
  const stop = () => {
    teller.end()
    stopListening()
  }
  // Asked again now that rings are heard: what happened in between would be lost.
  await read().catch((error: unknown) => {
    stop()
    throw error
  })
  return { refresh: teller.look, stop }
}

/** Compares what is with what was told last. */
function createNotifier(
  { policy, clock }: WatchConsultationDeps,
  { caller }: Requester,
  listener: ConsultationObserver,
) {
  let shown: ConsultationView | undefined
  let known: Consultation | undefined
  let ended = false
  const tell = (event: EventName, view: ConsultationView) => {
    ended = isLast(event)
    listener.notify(event, view, ended)
  }
  const show = (consultation: Consultation) => {
    if (ended) return
    known = consultation
    const standing = accessLevelOf(policy(), caller, consultation)
    const view = toView(consultation, policy().window, clock(), { standing, userId: caller.user?.id })
    if (standing === 'none') {
      // Of what changed with the removal, or since, nothing.
      const { waiting: _others, ...own } = shown ?? view
      return tell('removed', own)
    }
    const event = eventBetween(shown, view)
    shown = view
    if (event !== undefined) tell(event, view)
  }
  return {
    show,
    look: () => (known === undefined ? undefined : show(known)),
    end: () => void (ended = true),
    ended: () => ended,
  }
}
