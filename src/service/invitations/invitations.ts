import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import {
  type InvitationAnswer,
  type InvitationList,
  type InvitationRequest,
  MAX_INVITATIONS,
  MAX_LIVE_INVITATIONS,
  SECRET_BYTES,
} from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import {
  FULL,
  hashSecret,
  type Invitation,
  toInvitationAnswer,
  planInvitation,
  isLive,
  mayInvite,
} from '../../rules/invitations/invitation.ts'
import { checkNotOver } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import { findConsultation } from '../consultations/find.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { InvitationStore } from './ports.ts'
import type { Requester } from '../requester.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What dealing with invitations needs. */
export type InvitationDeps = RecordDeps & {
  policy: () => Policy
  consultations: ConsultationStore
  invitations: InvitationStore
  changeBus: ChangeBus
  newId: NewId
  newSecret: NewSecret
  /** Where people find the page that links lead to; without it there are no links, and codes alone. */
  publicUrl: string | undefined
}

const MOST = { live: MAX_LIVE_INVITATIONS, all: MAX_INVITATIONS, participants: MAX_PARTICIPANTS }

/**
 * Invites somebody to a consultation; it stands in the record by then.
 * @param request one whose shape was checked
 * @returns the invitation with its code, or a refusal: `consultation-not-found`, `role-not-allowed`, what `invited` refuses,
 *   `too-many-invitations`
 * @throws ServiceFault `record-unavailable`
 */
export async function createInvitation(
  deps: InvitationDeps,
  requester: Requester,
  consultationId: string,
  request: InvitationRequest,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.create'
  const found = await findConsultation(deps, requester, action, consultationId, 'moderator')
  if ('code' in found) return found
  const { consultation } = found
  const asked = planInvitation(deps.policy(), requester.caller, consultation, request, deps.clock())
  if ('code' in asked) return recordRefused(deps, requester, action, asked, { consultationId })
  const invitation = { ...asked, id: deps.newId() }
  const code = deps.newSecret(SECRET_BYTES)
  await recordAction(deps, requester, action, DONE, { ...auditSubjectOf(invitation), room: consultation.room })
  const added = await deps.invitations.add(invitation, hashSecret(code), inviteeOf(invitation), MOST)
  if (added === 'too-many') return recordRefused(deps, requester, action, { code: 'too-many-invitations' }, invitation)
  if (added === 'full')
    return recordRefused(deps, requester, action, { code: 'invalid-request', errors: [FULL] }, invitation)
  if (added === 'closed')
    return recordRefused(deps, requester, action, await closedRefusal(deps, consultationId), invitation)
  if (invitation.userId !== undefined) deps.changeBus.publish(consultationId)
  return toAnswer(deps, consultation, invitation, code)
}

/** @returns the invitations of a consultation, or `consultation-not-found`, `role-not-allowed` */
export async function listInvitations(
  deps: InvitationDeps,
  requester: Requester,
  consultationId: string,
): Promise<InvitationList | Refusal> {
  const found = await findConsultation(deps, requester, 'consultation.read', consultationId, 'moderator')
  if ('code' in found) return found
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: consultationId })
  const all = await deps.invitations.list(consultationId)
  return { invitations: all.map((each) => toAnswer(deps, found.consultation, each)) }
}

/**
 * Ends an invitation: its code is dead, and whoever used it gets no further token. What is revoked already is answered as it
 * is.
 * @returns the invitation, or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`
 */
export async function revokeInvitation(
  deps: InvitationDeps,
  requester: Requester,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.revoke'
  const found = await findInvitation(deps, requester, action, consultationId, id)
  if ('code' in found) return found
  const { consultation, invitation } = found
  if (invitation.revokedAt !== undefined) {
    await recordAction(deps, requester, 'consultation.read', DONE, { consultation: consultationId })
    return toAnswer(deps, consultation, invitation)
  }
  const revokedAt = deps.clock()
  await recordAction(deps, requester, action, DONE, auditSubjectOf(invitation))
  await deps.invitations.revoke(id, revokedAt)
  deps.changeBus.publish(consultationId)
  return toAnswer(deps, consultation, { ...invitation, revokedAt })
}

/**
 * Gives an invitation another code; the one before is dead at once, but for the browsers that used it.
 * @returns the invitation with its code, or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`,
 *   `consultation-ended`, `consultation-cancelled`, or `invitation-invalid` where no code of it could be used any more
 */
export async function resendInvitation(
  deps: InvitationDeps,
  requester: Requester,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.resend'
  const found = await findInvitation(deps, requester, action, consultationId, id)
  if ('code' in found) return found
  const { consultation, invitation } = found
  const now = deps.clock()
  const over = checkNotOver(consultation, deps.policy().window, now)
  if (over !== undefined) return recordRefused(deps, requester, action, over, invitation)
  if (!mayInvite(deps.policy(), requester.caller, invitation.role)) {
    return recordRefused(deps, requester, action, { code: 'role-not-allowed' }, invitation)
  }
  const code = deps.newSecret(SECRET_BYTES)
  if (isLive(invitation, now)) {
    await recordAction(deps, requester, action, DONE, auditSubjectOf(invitation))
    if (await deps.invitations.replaceCode(id, hashSecret(code), now))
      return toAnswer(deps, consultation, invitation, code)
  }
  return recordRefused(deps, requester, action, { code: 'invitation-invalid' }, invitation)
}

async function findInvitation(
  deps: InvitationDeps,
  requester: Requester,
  action: AuditEntry['action'],
  consultationId: string,
  id: string,
): Promise<{ consultation: Consultation; invitation: Invitation } | Refusal> {
  const found = await findConsultation(deps, requester, action, consultationId, 'moderator')
  if ('code' in found) return found
  const invitation = await deps.invitations.findById(consultationId, id)
  if (invitation === undefined) {
    return recordRefused(deps, requester, action, { code: 'invitation-not-found' }, { consultationId })
  }
  return { consultation: found.consultation, invitation }
}

/** What the record says of an invitation: whom it invites, as what; not by which name. */
export const auditSubjectOf = ({ id, consultationId, role, userId }: Omit<Invitation, 'uses' | 'used'>) => ({
  consultation: consultationId,
  invitation: id,
  role,
  ...(userId === undefined ? {} : { userId }),
})

async function recordRefused(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  refusal: Refusal,
  { consultationId, id }: { consultationId: string; id?: string },
): Promise<Refusal> {
  const about = { consultation: consultationId, ...(id === undefined ? {} : { invitation: id }) }
  await recordAction(deps, requester, action, refusalOutcome(refusal.code), about)
  return refusal
}

const inviteeOf = ({ userId, role, name, createdAt }: Invitation) =>
  userId === undefined ? undefined : { userId, role, since: createdAt, ...(name === undefined ? {} : { name }) }

/** Why a consultation was found closed, of two ways. */
export async function closedRefusal(
  { consultations }: Pick<InvitationDeps, 'consultations'>,
  id: string,
): Promise<Refusal> {
  const { cancelledAt } = (await consultations.findById(id)) ?? {}
  return { code: cancelledAt === undefined ? 'consultation-ended' : 'consultation-cancelled' }
}

const toAnswer = (deps: InvitationDeps, consultation: Consultation, invitation: Invitation, code?: string) =>
  toInvitationAnswer(
    invitation,
    consultation,
    deps.policy().window,
    code === undefined ? undefined : { code, publicUrl: deps.publicUrl },
  )
