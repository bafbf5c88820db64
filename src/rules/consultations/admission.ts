import type { Refusal } from '../../contract/problem.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import type { Consultation, Participant } from './consultation.ts'
import { closesAt, opensAt } from '../policy/window.ts'
import { type Caller, CONSULTATION_BOUND, type Policy } from '../policy/policy.ts'

/** A participant who may enter a consultation now, and the whole seconds until its admission window closes. */
export type Admission = { consultation: Consultation; participant: Participant; secondsLeft: number }

/** A participant who waits to be admitted, and since when, in epoch milliseconds. */
export type Waiting = { consultation: Consultation; participant: Participant; since: number }

/** Whether the caller may request the rooms of consultations only. */
export const isConsultationBound = ({ rooms }: Caller): boolean => CONSULTATION_BOUND.some((word) => word === rooms)

/**
 * Decides whether a participant may enter a consultation. The role is the one that the consultation gives the participant.
 * @param request the user and role of the request
 * @param consultation the consultation of the requested room, if there is one
 * @param at epoch milliseconds
 * @returns an admission; or, with a waiting room, a participant who waits; or a refusal: `invalid-request`,
 *   `not-a-participant`, `role-not-allowed`, `consultation-cancelled`, `consultation-ended`, `too-late`, `too-early`
 */
export function evaluateAdmission(
  policy: Policy,
  caller: Caller,
  request: Pick<TokenRequest, 'userId' | 'userRole'>,
  consultation: Consultation | undefined,
  at: number,
): Admission | Waiting | Refusal {
  const userId = caller.user?.id ?? request.userId
  if (userId === undefined) {
    return { code: 'invalid-request', errors: [{ pointer: '/userId', message: 'is missing' }] }
  }
  const participant = consultation?.participants.find((each) => each.userId === userId)
  if (consultation === undefined || participant === undefined) return { code: 'not-a-participant' }
  const { role } = participant
  if ((request.userRole ?? role) !== role || !caller.roles.has(role)) return { code: 'role-not-allowed' }
  const closed = checkAdmissionWindow(policy, consultation, role, at)
  if (closed !== undefined) return closed
  if (waitsForAdmission(policy, consultation, role) && participant.admittedAt === undefined) {
    return { consultation, participant, since: participant.waitingSince ?? at }
  }
  const secondsLeft = Math.floor((closesAt(consultation, policy.window) - at) / 1000)
  // A lifetime is whole seconds, at least one.
  return secondsLeft < 1 ? { code: 'too-late' } : { consultation, participant, secondsLeft }
}

/** Whether a participant with this role has to be admitted before entering. */
export const waitsForAdmission = (policy: Policy, { waitingRoom }: Consultation, role: string): boolean =>
  waitingRoom && policy.roles.get(role)?.moderator !== true

/**
 * Checks that the admission window of a consultation is open for a role.
 * @param at epoch milliseconds
 * @returns undefined, or `consultation-cancelled`, `consultation-ended`, `too-late`, `too-early` with the opening time
 */
export function checkAdmissionWindow(
  { window }: Policy,
  consultation: Consultation,
  role: string,
  at: number,
): Refusal | undefined {
  if (consultation.cancelledAt !== undefined) return { code: 'consultation-cancelled' }
  if (consultation.endedAt !== undefined) return { code: 'consultation-ended' }
  if (at >= closesAt(consultation, window)) return { code: 'too-late' }
  const opens = opensAt(consultation, window, role)
  return at < opens ? { code: 'too-early', opensAt: opens, retryAfterMs: opens - at } : undefined
}
