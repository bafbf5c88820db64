import type { ConsultationView, EventName, WaitingParticipant } from '../../contract/consultations/waiting-room.ts'
import { type Consultation, type AccessLevel, stateOf, listWaiting, nameProperties } from './consultation.ts'
import { closesAt, opensAt, type Window } from '../policy/window.ts'
import { toIso } from '../time.ts'

/** @returns the participants who wait to be admitted, as the API shows them */
export const toWaitingList = (consultation: Consultation): WaitingParticipant[] =>
  listWaiting(consultation).map((participant) => ({
    userId: participant.userId,
    role: participant.role,
    ...nameProperties(participant),
    since: toIso(participant.waitingSince),
  }))

/**
 * Converts a consultation to the view that an event stream sends.
 * @param reader the access level and user id of the caller; a participant sees no other participant
 */
export function toView(
  consultation: Consultation,
  window: Window,
  now: number,
  { accessLevel, userId }: { accessLevel: AccessLevel; userId?: string | undefined },
): ConsultationView {
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
    ...(accessLevel === 'participant' ? {} : { waiting: toWaitingList(consultation) }),
  }
}

/**
 * Finds the event that describes the difference between two views.
 * @param before the view that was sent last; undefined for a new stream
 * @returns the name of the event, or undefined if the view is unchanged
 */
export function eventBetween(before: ConsultationView | undefined, now: ConsultationView): EventName | undefined {
  if (now.state === 'ended' || now.state === 'cancelled') return now.state
  if (before === undefined) return 'state'
  if (before.startsAt !== now.startsAt || before.endsAt !== now.endsAt || before.opensAt !== now.opensAt) {
    return 'rescheduled'
  }
  if (before.admittedAt === undefined && now.admittedAt !== undefined) return 'admitted'
  if (JSON.stringify(before.waiting) !== JSON.stringify(now.waiting)) return 'waiting'
  return JSON.stringify(before) === JSON.stringify(now) ? undefined : 'state'
}

/** Whether an event is the last of a stream. */
export const isLast = (event: EventName): boolean => event === 'ended' || event === 'cancelled' || event === 'removed'
