import type { Refusal } from '../../contract/problem.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import type { Consultation, Participant } from './consultation.ts'
import { closesAt, opensAt } from '../policy/window.ts'
import { type Caller, CONSULTATION_BOUND, type Policy } from '../policy/policy.ts'

/** Whoever may enter a consultation now, and how long the door stays open. */
export type Admission = { consultation: Consultation; participant: Participant; secondsLeft: number }

/** Whoever has to be admitted first. */
export type WaitingParticipant = { consultation: Consultation; participant: Participant; since: number }

/** Whether a caller's rooms are those of consultations. */
export const isConsultationBound = ({ rooms }: Caller): boolean => CONSULTATION_BOUND.some((word) => word === rooms)

/**
 * Decides whether somebody may enter a consultation now. The role is the one that the person takes part in.
 * @param consultation the one in the room that is asked for, if there is one
 * @param now epoch milliseconds
 * @returns an admission, or who waits, or a refusal: `invalid-request`, `not-a-participant`, `role-not-allowed`,
 *   `consultation-cancelled`, `consultation-ended`, `too-late`, `too-early`
 */
export function evaluateAdmission(
  policy: Policy,
  caller: Caller,
  { userId: named, userRole }: Pick<TokenRequest, 'userId' | 'userRole'>,
  consultation: Consultation | undefined,
  now: number,
): Admission | WaitingParticipant | Refusal {
  const userId = caller.user?.id ?? named
  if (userId === undefined) {
    return { code: 'invalid-request', errors: [{ pointer: '/userId', message: 'is missing' }] }
  }
  const participant = consultation?.participants.find((each) => each.userId === userId)
  if (consultation === undefined || participant === undefined) return { code: 'not-a-participant' }
  const { role } = participant
  if ((userRole ?? role) !== role || !caller.roles.has(role)) return { code: 'role-not-allowed' }
  const closed = checkAdmissionWindow(policy, consultation, role, now)
  if (closed !== undefined) return closed
  const moderates = policy.roles.get(role)?.moderator === true
  if (consultation.waitingRoom && !moderates && participant.admittedAt === undefined) {
    return { consultation, participant, since: participant.waitingSince ?? now }
  }
  const secondsLeft = Math.floor((closesAt(consultation, policy.window) - now) / 1000)
  // Less than a second is no lifetime.
  return secondsLeft < 1 ? { code: 'too-late' } : { consultation, participant, secondsLeft }
}

/** @returns why the door of a consultation is closed to a role, or undefined */
export function checkAdmissionWindow(
  { window }: Policy,
  consultation: Consultation,
  role: string,
  now: number,
): Refusal | undefined {
  if (consultation.cancelledAt !== undefined) return { code: 'consultation-cancelled' }
  if (consultation.endedAt !== undefined) return { code: 'consultation-ended' }
  if (now >= closesAt(consultation, window)) return { code: 'too-late' }
  const opens = opensAt(consultation, window, role)
  return now < opens ? { code: 'too-early', opensAt: opens, retryAfterMs: opens - now } : undefined
}
