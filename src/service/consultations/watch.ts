import type { Refusal } from '../../contract/problem.ts'
import type { ConsultationView, EventName } from '../../contract/consultations/waiting-room.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import { eventBetween, isLast, toView } from '../../rules/consultations/events.ts'
import type { ChangeBus } from './ports.ts'
import { findConsultation, type FindConsultationDeps } from './find.ts'
import { DONE, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

export type WatchConsultationDeps = FindConsultationDeps & { changeBus: ChangeBus }

/** Receives the events of a watched consultation. */
export type ConsultationObserver = {
  /** @param last whether no further event follows */
  notify(event: EventName, view: ConsultationView, last: boolean): void
  /** Called when the consultation cannot be read; the client should reconnect. */
  onError(error: unknown): void
}

/** A subscription to the changes of a consultation. */
export type Watch = {
  /** Notifies the observer of changes that the passing of time makes, such as the end of the admission window. */
  refresh(): void
  stop(): void
}

/**
 * Notifies an observer of the current view of a consultation, and of every later change of that view on any instance.
 * @returns the watch, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function watchConsultation(
  deps: WatchConsultationDeps,
  requester: Requester,
  id: string,
  observer: ConsultationObserver,
): Promise<Watch | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  if ('code' in result) return result
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const notifier = createNotifier(deps, requester, observer)
  let isReading = false
  let isStale = false
  const read = async () => {
    isStale = true
    if (isReading) return
    isReading = true
    // Notifications that arrive during a read cause one more read.
    while (isStale && !notifier.isEnded()) {
      isStale = false
      const consultation = await deps.consultations.findById(id)
      if (consultation !== undefined) notifier.update(consultation)
    }
    isReading = false
  }
  const unsubscribe = deps.changeBus.subscribe(id, () => void read().catch(observer.onError))
  const stop = () => {
    notifier.end()
    unsubscribe()
  }
  // Reads again after subscribing: a change since findConsultation would otherwise be lost.
  await read().catch((error: unknown) => {
    stop()
    throw error
  })
  return { refresh: notifier.refresh, stop }
}

/** Creates a notifier that compares each view with the previous one and sends the event between them. */
function createNotifier(
  { policy, clock }: WatchConsultationDeps,
  { caller }: Requester,
  observer: ConsultationObserver,
) {
  let previousView: ConsultationView | undefined
  let latest: Consultation | undefined
  let isEnded = false
  const notify = (event: EventName, view: ConsultationView) => {
    isEnded = isLast(event)
    observer.notify(event, view, isEnded)
  }
  const update = (consultation: Consultation) => {
    if (isEnded) return
    latest = consultation
    const accessLevel = accessLevelOf(policy(), caller, consultation)
    const view = toView(consultation, policy().window, clock(), { accessLevel, userId: caller.user?.id })
    if (accessLevel === 'none') {
      // A removed participant must not see what changed with the removal or since, nor the waiting list.
      const { waiting: _waiting, ...own } = previousView ?? view
      return notify('removed', own)
    }
    const event = eventBetween(previousView, view)
    previousView = view
    if (event !== undefined) notify(event, view)
  }
  return {
    update,
    refresh: () => (latest === undefined ? undefined : update(latest)),
    end: () => void (isEnded = true),
    isEnded: () => isEnded,
  }
}
