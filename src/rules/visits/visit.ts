import type { Visit } from '../../contract/visit.ts'
import { type Consultation, nameProperties, publicProperties, stateOf } from '../consultations/consultation.ts'
import type { Policy } from '../policy/policy.ts'
import { closesAt, opensAt } from '../policy/window.ts'
import { toIso } from '../time.ts'

/**
 * Converts a consultation to the visit of a participant.
 * @param now epoch milliseconds
 * @returns undefined if the user no longer takes part in this role
 */
export function toVisit(
  consultation: Consultation,
  policy: Pick<Policy, 'window' | 'roles'>,
  { userId, role }: { userId: string; role: string },
  now: number,
): Visit | undefined {
  const participant = consultation.participants.find((each) => each.userId === userId && each.role === role)
  if (participant === undefined) return undefined
  const { moderators, ...shown } = publicProperties(consultation, policy)
  return {
    consultationId: consultation.id,
    userId,
    role,
    moderator: policy.roles.get(role)?.moderator === true,
    ...nameProperties(participant),
    state: stateOf(consultation, policy.window, now),
    startsAt: toIso(consultation.startsAt),
    endsAt: toIso(consultation.endsAt),
    opensAt: toIso(opensAt(consultation, policy.window, role)),
    closesAt: toIso(closesAt(consultation, policy.window)),
    waitingRoom: consultation.waitingRoom,
    doctorPresent: moderators.some(({ enteredAt }) => enteredAt !== undefined),
    ...shown,
  }
}
