import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation, Participant } from '../consultations/consultation.ts'
import { checkAdmissionWindow } from '../consultations/admission.ts'
import type { Invitation } from './invitation.ts'
import type { Policy } from '../policy/policy.ts'
import { displayName } from '../person.ts'

/** The participant whom an invitation admits, and whether the participant is new to the consultation. */
export type Invitee = { participant: Participant & { name: string }; isNew: boolean }

/** The user of a browser that was bound before, or the id for a new guest. */
export type Browser = { userId: string } | { guestId: string }

/**
 * Finds the participant whom a valid invitation admits. The name of the invitation takes precedence over that of the
 * participant, and both over that of the request.
 * @param now epoch milliseconds
 * @returns the participant, even before the admission window opens; or `consultation-cancelled`, `consultation-ended`,
 *   `too-late`, `not-a-participant` if the participant was removed, `role-not-allowed` if the participant has another role,
 *   `invalid-request` if there is no name
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
  const known = consultation.participants.find((each) => each.userId === userId)
  if (userId !== undefined && known === undefined) return { code: 'not-a-participant' }
  if (known !== undefined && known.role !== role) return { code: 'role-not-allowed' }
  const name = invitation.name ?? known?.name ?? (given === undefined ? undefined : displayName(given))
  if (name === undefined) {
    return { code: 'invalid-request', errors: [{ pointer: '/displayName', message: 'is missing' }] }
  }
  if (known !== undefined) return { participant: { ...known, name }, isNew: false }
  const guestId = 'guestId' in browser ? browser.guestId : browser.userId
  return { participant: { userId: guestId, role, name, since: now }, isNew: true }
}
