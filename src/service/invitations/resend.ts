import { type InvitationAnswer, SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { mayInvite, unusableReason } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import { checkNotOver } from '../../rules/consultations/plan.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { NewSecret } from '../ports.ts'
import {
  auditSubjectOf,
  findInvitation,
  type FindInvitationDeps,
  refusalSubjectOf,
  buildInvitationAnswer,
} from './invitations.ts'

const INVALID: Refusal = { code: 'invitation-invalid' }

export type ResendInvitationDeps = FindInvitationDeps & {
  newSecret: NewSecret
  /** The base URL of the page that invitation links open. Without it, the answer contains a code and no link. */
  publicUrl: string | undefined
}

/**
 * Replaces the code of an invitation. The previous code stops working at once, except in browsers that used it.
 * @returns the invitation with its new code; or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`,
 *   `consultation-ended`, `consultation-cancelled`; or `invitation-invalid` if the invitation is used up, expired or revoked
 * @throws ServiceFault `record-unavailable`
 */
export async function resendInvitation(
  deps: ResendInvitationDeps,
  requester: Requester,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.resend'
  const result = await findInvitation(deps, requester, action, consultationId, id)
  if ('code' in result) return result
  const { consultation, invitation } = result
  const now = deps.clock()
  const over = checkNotOver(consultation, deps.policy().window, now)
  if (over !== undefined) return refuseAction(deps, requester, action, over, refusalSubjectOf(invitation))
  if (!mayInvite(deps.policy(), requester.caller, invitation.role)) {
    return refuseAction(deps, requester, action, { code: 'role-not-allowed' }, refusalSubjectOf(invitation))
  }
  const code = deps.newSecret(SECRET_BYTES)
  const subject = refusalSubjectOf(invitation)
  const reason = unusableReason(invitation, now)
  if (reason !== undefined)
    return refuseAction(deps, requester, action, { ...INVALID, invitationReason: reason }, subject)
  const undoes = await recordAction(deps, requester, action, DONE, auditSubjectOf(invitation))
  if (await deps.invitations.replaceCode(id, hashSecret(code), now)) {
    return buildInvitationAnswer(deps, consultation, invitation, { code, publicUrl: deps.publicUrl })
  }
  return refuseAction(deps, requester, action, INVALID, { ...subject, undoes })
}
