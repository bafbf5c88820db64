import type { Refusal } from '../../contract/problem.ts'
import type { ConsultationView, EventName } from '../../contract/consultations/waiting-room.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { standingOf } from '../../rules/consultations/access.ts'
import { eventBetween, isLast, viewOf } from '../../rules/consultations/events.ts'
import type { Bell } from './ports.ts'
import { findFor, type FindingParts } from './consultations.ts'
import { DONE, keep } from '../audit/record.ts'
import type { Asking } from '../requester.ts'

/** What watching a consultation needs. */
export type WatchingParts = FindingParts & { bell: Bell }

/** Whoever is told. */
export type Listener = {
  /** @param last whether nothing follows */
  tell(event: EventName, view: ConsultationView, last: boolean): void
  /** Nothing can be told for now; the listener should come again. */
  broke(error: unknown): void
}

/** Somebody who watches. */
export type Watch = {
  /** Tells what the time alone changed. */
  look(): void
  stop(): void
}

/**
 * Tells a listener how a consultation stands now, and from then on what changes for that listener: at once on every
 * instance, for whatever changes rings the bell.
 * @returns the watch, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function watchConsultation(
  parts: WatchingParts,
  asking: Asking,
  id: string,
  listener: Listener,
): Promise<Watch | Refusal> {
  const found = await findFor(parts, asking, 'consultation.read', id, 'participant')
  if ('code' in found) return found
  await keep(parts, asking, 'consultation.read', DONE, { consultation: id })
  const teller = tellerTo(parts, asking, listener)
  let reading = false
  let again = false
  const read = async () => {
    again = true
    if (reading) return
    reading = true
    // Rings that come while the store is asked are answered by asking once more.
    while (again && !teller.ended()) {
      again = false
      const consultation = await parts.consultations.byId(id)
      if (consultation !== undefined) teller.show(consultation)
    }
    reading = false
  }
  const stopListening = parts.bell.listen(id, () => void read().catch(listener.broke))
  const stop = () => {
    teller.end()
    stopListening()
  }
  // Asked again now that rings are heard: what happened in between would be lost.
  await read().catch((error: unknown) => {
    stop()
    throw error
  })
  return { look: teller.look, stop }
}

/** Compares what is with what was told last. */
function tellerTo({ policy, clock }: WatchingParts, { caller }: Asking, listener: Listener) {
  let shown: ConsultationView | undefined
  let known: Consultation | undefined
  let ended = false
  const tell = (event: EventName, view: ConsultationView) => {
    ended = isLast(event)
    listener.tell(event, view, ended)
  }
  const show = (consultation: Consultation) => {
    if (ended) return
    known = consultation
    const standing = standingOf(policy(), caller, consultation)
    const view = viewOf(consultation, policy().window, clock(), { standing, userId: caller.user?.id })
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
