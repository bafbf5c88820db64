import type { Refusal } from '../../contract/problem.ts'
import type { ConsultationView, EventName } from '../../contract/consultations/waiting-room.ts'
import { type Consultation, isWaiting } from '../../rules/consultations/consultation.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import { eventBetween, isLast, toView } from '../../rules/consultations/events.ts'
import type { ChangeBus } from './ports.ts'
import { findConsultation, type FindConsultationDeps } from './find.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import { recordPresence, type RecordPresenceDeps } from './presence.ts'
import type { RevocationIndex } from '../ports.ts'
import type { Requester } from '../requester.ts'

export type WatchConsultationDeps = FindConsultationDeps &
  RecordPresenceDeps & { changeBus: ChangeBus; revoked: RevocationIndex }

/** Tells whether the credential of the caller is still valid. */
export type IsAuthorized = () => Promise<boolean>

/** Receives the events of a watched consultation. */
export type ConsultationObserver = {
  /** @param last whether no further event follows */
  notify(event: EventName, view: ConsultationView, last: boolean): void
  /** Called when the consultation cannot be read; the client should reconnect. */
  onError(error: unknown): void
  /** Called when the credential is no longer valid, or the user is revoked. No further event follows. */
  onUnauthorized(): void
}

/** A subscription to the changes of a consultation. */
export type Watch = {
  /** Checks the credential, and notifies the observer of changes by time, such as the end of the admission window. */
  refresh(): void
  stop(): void
}

/**
 * Notifies an observer of the current view of a consultation, and of every later change of that view on any instance. Before
 * each notification it checks that the caller is still authorized.
 * @param isAuthorized whether the credential is still valid
 * @returns the watch; or `consultation-not-found`, or `revoked` for a revoked user
 * @throws ServiceFault `record-unavailable`
 */
export async function watchConsultation(
  deps: WatchConsultationDeps,
  requester: Requester,
  id: string,
  observer: ConsultationObserver,
  isAuthorized: IsAuthorized,
): Promise<Watch | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  if ('code' in result) return result
  const { room } = result.consultation
  const isRevoked = async () =>
    requester.caller.user !== undefined && (await deps.revoked.isRevoked({ room, userId: requester.caller.user.id }))
  if (await isRevoked()) {
    return refuseAction(deps, requester, 'consultation.read', { code: 'revoked' }, { consultation: id })
  }
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const notifier = createNotifier(deps, requester, observer)
  const read = coalesce(async () => {
    const consultation = await deps.consultations.findById(id)
    if (!(await authorize()) || consultation === undefined) return
    await recordListener(deps, requester, consultation)
    notifier.update(consultation)
  })
  const unsubscribe = deps.changeBus.subscribe(id, () => void read().catch(observer.onError))
  const stop = () => {
    notifier.end()
    unsubscribe()
  }
  /** @returns false if the caller is no longer authorized; the watch has ended then */
  async function authorize(): Promise<boolean> {
    if (notifier.isEnded()) return false
    if ((await isAuthorized()) && !(await isRevoked())) return true
    stop()
    observer.onUnauthorized()
    return false
  }
  const refresh = async () => {
    // While somebody waits, the presence of those who wait is read and stored; otherwise only time changes the view.
    if (notifier.hasWaiting()) await read()
    else if (await authorize()) notifier.refresh()
  }
  // Reads again after subscribing: a change since findConsultation would otherwise be lost.
  await read().catch((error: unknown) => {
    stop()
    throw error
  })
  return { refresh: () => void refresh().catch(observer.onError), stop }
}

/** Records that the caller is there, if the caller waits in the consultation. */
async function recordListener(deps: RecordPresenceDeps, { caller }: Requester, consultation: Consultation) {
  const self = consultation.participants.find(({ userId }) => userId === caller.user?.id)
  if (self !== undefined) await recordPresence(deps, consultation, self)
}

/** @returns a function that runs a task; calls while it runs cause one more run, because they may announce a later change */
function coalesce(task: () => Promise<void>): () => Promise<void> {
  let isRunning = false
  let isStale = false
  return async () => {
    isStale = true
    if (isRunning) return
    isRunning = true
    try {
      while (isStale) {
        isStale = false
        await task()
      }
    } finally {
      isRunning = false
    }
  }
}

/** Creates a notifier that compares each view with the previous one and sends the event between them. */
function createNotifier(
  { policy, clock, waitingTimeoutMs }: WatchConsultationDeps,
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
    const now = clock()
    const reader = { accessLevel, userId: caller.user?.id, now, seenSince: now - waitingTimeoutMs }
    const view = toView(consultation, policy(), reader)
    if (accessLevel === 'none') {
      // A removed participant must not see what changed with the removal or since, nor the waiting list.
      const { waiting: _waiting, ...own } = previousView ?? view
      return notify('removed', own)
    }
    const event = eventBetween(previousView, view, consultation)
    previousView = view
    if (event !== undefined) notify(event, view)
  }
  return {
    update,
    refresh: () => (latest === undefined ? undefined : update(latest)),
    hasWaiting: () => latest?.participants.some((each) => isWaiting(each)) === true,
    end: () => void (isEnded = true),
    isEnded: () => isEnded,
  }
}
