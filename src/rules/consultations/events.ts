import type { ConsultationView, EventName, WaitingParticipant } from '../../contract/consultations/waiting-room.ts'
import { type Consultation, type AccessLevel, stateOf, listWaiting } from './consultation.ts'
import { closesAt, opensAt, type Window } from '../policy/window.ts'
import { toIso } from '../time.ts'

/** Who waits, as it is told. */
export const toWaitingList = (consultation: Consultation): WaitingParticipant[] =>
  listWaiting(consultation).map(({ userId, role, name, waitingSince }) => ({
    userId,
    role,
    ...(name === undefined ? {} : { name }),
    since: toIso(waitingSince),
  }))

/**
 * A consultation as a listener sees it.
 * @param listener who that is; a participant sees nobody else
 */
export function toView(
  consultation: Consultation,
  window: Window,
  now: number,
  { standing, userId }: { standing: AccessLevel; userId?: string | undefined },
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
    ...(standing === 'participant' ? {} : { waiting: toWaitingList(consultation) }),
  }
}

/**
 * What a listener is told when a view follows another.
 * @param before undefined at the beginning
 * @returns the name of the event, or undefined where nothing changed for this listener
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

/** After these a stream has nothing to tell any more. */
export const isLast = (event: EventName): boolean => event === 'ended' || event === 'cancelled' || event === 'removed'
