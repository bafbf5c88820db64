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
  hashOfSecret,
  type Invitation,
  invitationAnswer,
  invited,
  isLive,
  mayInvite,
} from '../../rules/invitations/invitation.ts'
import { overFor } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import type { Bell, ConsultationStore } from '../consultations/ports.ts'
import { findFor } from '../consultations/consultations.ts'
import { DONE, type EntryParts, keep, refusedWith } from '../audit/record.ts'
import type { InvitationStore } from './ports.ts'
import type { Asking } from '../requester.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What dealing with invitations needs. */
export type InvitingParts = EntryParts & {
  policy: () => Policy
  consultations: ConsultationStore
  invitations: InvitationStore
  bell: Bell
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
  parts: InvitingParts,
  asking: Asking,
  consultationId: string,
  request: InvitationRequest,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.create'
  const found = await findFor(parts, asking, action, consultationId, 'moderator')
  if ('code' in found) return found
  const { consultation } = found
  const asked = invited(parts.policy(), asking.caller, consultation, request, parts.clock())
  if ('code' in asked) return refuse(parts, asking, action, asked, { consultationId })
  const invitation = { ...asked, id: parts.newId() }
  const code = parts.newSecret(SECRET_BYTES)
  await keep(parts, asking, action, DONE, { ...aboutIt(invitation), room: consultation.room })
  const added = await parts.invitations.add(invitation, hashOfSecret(code), inviteeOf(invitation), MOST)
  if (added === 'too-many') return refuse(parts, asking, action, { code: 'too-many-invitations' }, invitation)
  if (added === 'full') return refuse(parts, asking, action, { code: 'invalid-request', errors: [FULL] }, invitation)
  if (added === 'closed') return refuse(parts, asking, action, await whyClosed(parts, consultationId), invitation)
  if (invitation.userId !== undefined) parts.bell.ring(consultationId)
  return told(parts, consultation, invitation, code)
}

/** @returns the invitations of a consultation, or `consultation-not-found`, `role-not-allowed` */
export async function listInvitations(
  parts: InvitingParts,
  asking: Asking,
  consultationId: string,
): Promise<InvitationList | Refusal> {
  const found = await findFor(parts, asking, 'consultation.read', consultationId, 'moderator')
  if ('code' in found) return found
  await keep(parts, asking, 'consultation.read', DONE, { consultation: consultationId })
  const all = await parts.invitations.list(consultationId)
  return { invitations: all.map((each) => told(parts, found.consultation, each)) }
}

/**
 * Ends an invitation: its code is dead, and whoever used it gets no further token. What is revoked already is answered as it
 * is.
 * @returns the invitation, or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`
 */
export async function revokeInvitation(
  parts: InvitingParts,
  asking: Asking,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.revoke'
  const found = await findInvitation(parts, asking, action, consultationId, id)
  if ('code' in found) return found
  const { consultation, invitation } = found
  if (invitation.revokedAt !== undefined) {
    await keep(parts, asking, 'consultation.read', DONE, { consultation: consultationId })
    return told(parts, consultation, invitation)
  }
  const revokedAt = parts.clock()
  await keep(parts, asking, action, DONE, aboutIt(invitation))
  await parts.invitations.revoke(id, revokedAt)
  parts.bell.ring(consultationId)
  return told(parts, consultation, { ...invitation, revokedAt })
}

/**
 * Gives an invitation another code; the one before is dead at once, but for the browsers that used it.
 * @returns the invitation with its code, or `consultation-not-found`, `role-not-allowed`, `invitation-not-found`,
 *   `consultation-ended`, `consultation-cancelled`, or `invitation-invalid` where no code of it could be used any more
 */
export async function resendInvitation(
  parts: InvitingParts,
  asking: Asking,
  consultationId: string,
  id: string,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.resend'
  const found = await findInvitation(parts, asking, action, consultationId, id)
  if ('code' in found) return found
  const { consultation, invitation } = found
  const now = parts.clock()
  const over = overFor(consultation, parts.policy().window, now)
  if (over !== undefined) return refuse(parts, asking, action, over, invitation)
  if (!mayInvite(parts.policy(), asking.caller, invitation.role)) {
    return refuse(parts, asking, action, { code: 'role-not-allowed' }, invitation)
  }
  const code = parts.newSecret(SECRET_BYTES)
  if (isLive(invitation, now)) {
    await keep(parts, asking, action, DONE, aboutIt(invitation))
    if (await parts.invitations.recode(id, hashOfSecret(code), now)) return told(parts, consultation, invitation, code)
  }
  return refuse(parts, asking, action, { code: 'invitation-invalid' }, invitation)
}

async function findInvitation(
  parts: InvitingParts,
  asking: Asking,
  action: AuditEntry['action'],
  consultationId: string,
  id: string,
): Promise<{ consultation: Consultation; invitation: Invitation } | Refusal> {
  const found = await findFor(parts, asking, action, consultationId, 'moderator')
  if ('code' in found) return found
  const invitation = await parts.invitations.byId(consultationId, id)
  if (invitation === undefined) {
    return refuse(parts, asking, action, { code: 'invitation-not-found' }, { consultationId })
  }
  return { consultation: found.consultation, invitation }
}

/** What the record says of an invitation: whom it invites, as what; not by which name. */
export const aboutIt = ({ id, consultationId, role, userId }: Omit<Invitation, 'uses' | 'used'>) => ({
  consultation: consultationId,
  invitation: id,
  role,
  ...(userId === undefined ? {} : { userId }),
})

async function refuse(
  parts: EntryParts,
  asking: Asking,
  action: AuditEntry['action'],
  refusal: Refusal,
  { consultationId, id }: { consultationId: string; id?: string },
): Promise<Refusal> {
  const about = { consultation: consultationId, ...(id === undefined ? {} : { invitation: id }) }
  await keep(parts, asking, action, refusedWith(refusal.code), about)
  return refusal
}

const inviteeOf = ({ userId, role, name, createdAt }: Invitation) =>
  userId === undefined ? undefined : { userId, role, since: createdAt, ...(name === undefined ? {} : { name }) }

/** Why a consultation was found closed, of two ways. */
export async function whyClosed({ consultations }: Pick<InvitingParts, 'consultations'>, id: string): Promise<Refusal> {
  const { cancelledAt } = (await consultations.byId(id)) ?? {}
  return { code: cancelledAt === undefined ? 'consultation-ended' : 'consultation-cancelled' }
}

const told = (parts: InvitingParts, consultation: Consultation, invitation: Invitation, code?: string) =>
  invitationAnswer(
    invitation,
    consultation,
    parts.policy().window,
    code === undefined ? undefined : { code, publicUrl: parts.publicUrl },
  )
