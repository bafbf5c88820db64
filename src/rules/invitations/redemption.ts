import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation, Participant } from '../consultations/consultation.ts'
import { checkAdmissionWindow } from '../consultations/admission.ts'
import type { Invitation } from './invitation.ts'
import type { Policy } from '../policy/policy.ts'
import { displayName } from '../person.ts'

/** Who comes by an invitation, and whether this person takes part from now on. */
export type Invitee = { participant: Participant & { name: string }; isNew: boolean }

/** Who a browser is: of one that came before, as whom; otherwise what a new guest would be called. */
export type Browser = { userId: string } | { guestId: string }

/**
 * Decides who comes by an invitation that works. Of the names, the invitation's counts most, then that of who takes part.
 * @param now epoch milliseconds
 * @returns the person, also where it is too early; or `consultation-cancelled`, `consultation-ended`, `too-late`,
 *   `not-a-participant` for who was removed, `role-not-allowed` for who has another role since, `invalid-request` where
 *   nobody says a name
 */
export function resolveInvitee(
  policy: Policy,
  invitation: Invitation,
  consultation: Consultation,
  { displayName: given }: Pick<RedeemRequest, 'displayName'>,
  browser: Browser,
  now: number,
): Invitee | Refusal {
  const { role } = invitation
  const closed = checkAdmissionWindow(policy, consultation, role, now)
  if (closed !== undefined && closed.code !== 'too-early') return closed
  const userId = 'userId' in browser ? browser.userId : invitation.userId
  const there = consultation.participants.find((each) => each.userId === userId)
  if (userId !== undefined && there === undefined) return { code: 'not-a-participant' }
  if (there !== undefined && there.role !== role) return { code: 'role-not-allowed' }
  const name = invitation.name ?? there?.name ?? (given === undefined ? undefined : displayName(given))
  if (name === undefined) {
    return { code: 'invalid-request', errors: [{ pointer: '/displayName', message: 'is missing' }] }
  }
  if (there !== undefined) return { participant: { ...there, name }, isNew: false }
  const guestId = 'guestId' in browser ? browser.guestId : browser.userId
  return { participant: { userId: guestId, role, name, since: now }, isNew: true }
}
