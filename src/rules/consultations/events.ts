import type { ConsultationView, EventName, WaitingParticipant } from '../../contract/consultations/waiting-room.ts'
import {
  type Consultation,
  type AccessLevel,
  isWaiting,
  lastSeenOf,
  listWaiting,
  nameProperties,
  publicProperties,
  stateOf,
} from './consultation.ts'
import type { Policy } from '../policy/policy.ts'
import { closesAt, opensAt } from '../policy/window.ts'
import { toIso } from '../time.ts'

/**
 * Converts the waiting participants to the list that the API shows.
 * @param seenSince without those who were last seen earlier, in epoch milliseconds
 */
export const toWaitingList = (consultation: Consultation, seenSince: number): WaitingParticipant[] =>
  listWaiting(consultation, seenSince).map((participant) => ({
    userId: participant.userId,
    role: participant.role,
    ...nameProperties(participant),
    since: toIso(participant.waitingSince),
    lastSeenAt: toIso(lastSeenOf(participant)),
  }))

/** Who reads a view, and when, in epoch milliseconds. */
type Reader = {
  accessLevel: AccessLevel
  userId?: string | undefined
  now: number
  /** Participants who wait and were last seen earlier are not in the list, in epoch milliseconds. */
  seenSince: number
}

/** Converts a consultation to the view that an event stream sends; a participant sees no other participant but moderators. */
export function toView(
  consultation: Consultation,
  policy: Pick<Policy, 'window' | 'roles'>,
  { accessLevel, userId, now, seenSince }: Reader,
): ConsultationView {
  const { window } = policy
  const self = consultation.participants.find((each) => each.userId === userId)
  return {
    consultationId: consultation.id,
    state: stateOf(consultation, window, now),
    version: consultation.version,
    startsAt: toIso(consultation.startsAt),
    endsAt: toIso(consultation.endsAt),
    closesAt: toIso(closesAt(consultation, window)),
    ...(self === undefined ? {} : { opensAt: toIso(opensAt(consultation, window, self.role)) }),
    ...(self?.waitingSince === undefined ? {} : { waitingSince: toIso(self.waitingSince) }),
    ...(self?.admittedAt === undefined ? {} : { admittedAt: toIso(self.admittedAt) }),
    ...publicProperties(consultation, policy),
    ...(accessLevel === 'participant' ? {} : { waiting: toWaitingList(consultation, seenSince) }),
  }
}

/**
 * Finds the event that describes the difference between two views.
 * @param before the view that was sent last; undefined for a new stream
 * @param consultation the consultation that the second view shows
 * @returns the name of the event, or undefined if nothing changed but the times at which participants were last seen
 */
export function eventBetween(
  before: ConsultationView | undefined,
  now: ConsultationView,
  consultation: Pick<Consultation, 'participants'>,
): EventName | undefined {
  if (now.state === 'ended' || now.state === 'cancelled') return now.state
  if (before === undefined) return 'state'
  if (before.startsAt !== now.startsAt || before.endsAt !== now.endsAt || before.opensAt !== now.opensAt) {
    return 'rescheduled'
  }
  if (before.admittedAt === undefined && now.admittedAt !== undefined) return 'admitted'
  if (now.notice !== undefined && !isEqual(before.notice, now.notice)) return 'notice'
  if (hasLeft(before, now, consultation)) return 'left'
  if (!isEqual(before.waiting, now.waiting)) return 'waiting'
  return isEqual(before, now) ? undefined : 'state'
}

/** Whether somebody who still waits to be admitted is no longer in the list: the person closed everything. */
function hasLeft(
  before: ConsultationView,
  now: ConsultationView,
  { participants }: Pick<Consultation, 'participants'>,
): boolean {
  const isListed = ({ waiting }: ConsultationView, id: string) => waiting?.some(({ userId }) => userId === id) === true
  return participants.some((each) => isWaiting(each) && isListed(before, each.userId) && !isListed(now, each.userId))
}

/** Compares two values by their JSON, without the times at which participants were last seen. */
const isEqual = (a: unknown, b: unknown): boolean => withoutSeen(a) === withoutSeen(b)

const withoutSeen = (value: unknown): string | undefined =>
  JSON.stringify(value, (key, each: unknown) => (key === 'lastSeenAt' ? undefined : each))

/** Whether an event is the last of a stream. */
export const isLast = (event: EventName): boolean => event === 'ended' || event === 'cancelled' || event === 'removed'
