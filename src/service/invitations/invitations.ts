import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { InvitationAnswer, InvitationList } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { type Invitation, type InvitationCode, toInvitationAnswer } from '../../rules/invitations/invitation.ts'
import type { ConsultationStore } from '../consultations/ports.ts'
import { findConsultation, type FindConsultationDeps } from '../consultations/find.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { InvitationStore } from './ports.ts'
import type { Requester } from '../requester.ts'

export type FindInvitationDeps = FindConsultationDeps & { invitations: InvitationStore }

/**
 * Lists the invitations of a consultation.
 * @returns the list, without codes; or `consultation-not-found`, `role-not-allowed`
 * @throws ServiceFault `record-unavailable`
 */
export async function listInvitations(
  deps: FindInvitationDeps,
  requester: Requester,
  consultationId: string,
): Promise<InvitationList | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', consultationId, 'moderator')
  if ('code' in result) return result
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: consultationId })
  const invitations = await deps.invitations.list(consultationId)
  return { invitations: invitations.map((each) => buildInvitationAnswer(deps, result.consultation, each)) }
}

/**
 * Finds an invitation for a caller. A refusal is in the audit record before this function returns.
 * @returns the invitation with its consultation; or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function findInvitation(
  deps: FindInvitationDeps,
  requester: Requester,
  action: AuditEntry['action'],
  consultationId: string,
  id: string,
): Promise<{ consultation: Consultation; invitation: Invitation } | Refusal> {
  const result = await findConsultation(deps, requester, action, consultationId, 'moderator')
  if ('code' in result) return result
  const invitation = await deps.invitations.findById(consultationId, id)
  if (invitation === undefined) {
    return refuseAction(deps, requester, action, { code: 'invitation-not-found' }, { consultation: consultationId })
  }
  return { consultation: result.consultation, invitation }
}

/** The audit subject of an invitation: ids and role, never the name. */
export const auditSubjectOf = ({ id, consultationId, role, userId }: Omit<Invitation, 'uses' | 'used'>) => ({
  consultation: consultationId,
  invitation: id,
  role,
  ...(userId === undefined ? {} : { userId }),
})

/** The audit subject of a refused request for an invitation. */
export const refusalSubjectOf = ({ id, consultationId }: Pick<Invitation, 'id' | 'consultationId'>) => ({
  consultation: consultationId,
  invitation: id,
})

/** Why a consultation is closed: it was ended or cancelled. */
export async function closedRefusal(
  { consultations }: { consultations: Pick<ConsultationStore, 'findById'> },
  id: string,
): Promise<Refusal> {
  const { cancelledAt } = (await consultations.findById(id)) ?? {}
  return { code: cancelledAt === undefined ? 'consultation-ended' : 'consultation-cancelled' }
}

/** @param code a new code, which only this answer contains */
export const buildInvitationAnswer = (
  { policy }: Pick<FindInvitationDeps, 'policy'>,
  consultation: Consultation,
  invitation: Invitation,
  code?: InvitationCode,
): InvitationAnswer => toInvitationAnswer(invitation, consultation, policy().window, code)
