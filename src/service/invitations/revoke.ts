import type { InvitationAnswer } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { ChangeBus } from '../consultations/ports.ts'
import { DONE, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import { auditSubjectOf, findInvitation, type FindInvitationDeps, buildInvitationAnswer } from './invitations.ts'

export type RevokeInvitationDeps = FindInvitationDeps & { changeBus: ChangeBus }

/**
 * Revokes an invitation: its code stops working, and browsers that used it get no more tokens. An invitation that is revoked
 * already is returned as it is.
 * @returns the invitation; or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function revokeInvitation(
  deps: RevokeInvitationDeps,
  requester: Requester,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.revoke'
  const result = await findInvitation(deps, requester, action, consultationId, id)
  if ('code' in result) return result
  const { consultation, invitation } = result
  if (invitation.revokedAt !== undefined) {
    await recordAction(deps, requester, 'consultation.read', DONE, { consultation: consultationId })
    return buildInvitationAnswer(deps, consultation, invitation)
  }
  const revokedAt = deps.clock()
  await recordAction(deps, requester, action, DONE, auditSubjectOf(invitation))
  await deps.invitations.revoke(id, revokedAt)
  deps.changeBus.publish(consultationId)
  return buildInvitationAnswer(deps, consultation, { ...invitation, revokedAt })
}
