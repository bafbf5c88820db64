import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import {
  type InvitationAnswer,
  type InvitationRequest,
  MAX_INVITATIONS,
  MAX_LIVE_INVITATIONS,
  SECRET_BYTES,
} from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { FULL, type Invitation, planInvitation } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import type { ChangeBus } from '../consultations/ports.ts'
import { findConsultation } from '../consultations/find.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { NewId, NewSecret } from '../ports.ts'
import {
  auditSubjectOf,
  closedRefusal,
  type FindInvitationDeps,
  refusalSubjectOf,
  buildInvitationAnswer,
} from './invitations.ts'

export type CreateInvitationDeps = FindInvitationDeps & {
  changeBus: ChangeBus
  newId: NewId
  newSecret: NewSecret
  /** The base URL of the page that invitation links open. Without it, answers contain a code and no link. */
  publicUrl: string | undefined
}

const LIMITS = { live: MAX_LIVE_INVITATIONS, all: MAX_INVITATIONS, participants: MAX_PARTICIPANTS }

/**
 * Creates an invitation to a consultation. It is in the audit record before this function returns.
 * @param request a request that fits its schema
 * @returns the invitation with its code; or `consultation-not-found`, `role-not-allowed`, `too-many-invitations`, or a
 *   refusal of `planInvitation`
 * @throws ServiceFault `record-unavailable`
 */
export async function createInvitation(
  deps: CreateInvitationDeps,
  requester: Requester,
  consultationId: string,
  request: InvitationRequest,
): Promise<InvitationAnswer | Refusal> {
  const action = 'invitation.create'
  const result = await findConsultation(deps, requester, action, consultationId, 'moderator')
  if ('code' in result) return result
  const { consultation } = result
  const plan = planInvitation(deps.policy(), requester.caller, consultation, request, deps.clock())
  if ('code' in plan) return refuseAction(deps, requester, action, plan, { consultation: consultationId })
  const invitation = { ...plan, id: deps.newId() }
  const code = deps.newSecret(SECRET_BYTES)
  const subject = { ...auditSubjectOf(invitation), room: consultation.room }
  const undoes = await recordAction(deps, requester, action, DONE, subject)
  const outcome = await deps.invitations.add(invitation, hashSecret(code), inviteeOf(invitation), LIMITS)
  if (outcome !== 'added') {
    const refusal = await additionRefusal(deps, consultationId, outcome)
    return refuseAction(deps, requester, action, refusal, { ...refusalSubjectOf(invitation), undoes })
  }
  if (invitation.userId !== undefined) deps.changeBus.publish(consultationId)
  return buildInvitationAnswer(deps, consultation, invitation, { code, publicUrl: deps.publicUrl })
}

const inviteeOf = ({ userId, role, name, createdAt }: Invitation) =>
  userId === undefined ? undefined : { userId, role, since: createdAt, ...(name === undefined ? {} : { name }) }

/** Why the store did not add an invitation. */
async function additionRefusal(
  deps: CreateInvitationDeps,
  consultationId: string,
  outcome: 'too-many' | 'full' | 'closed',
): Promise<Refusal> {
  if (outcome === 'too-many') return { code: 'too-many-invitations' }
  if (outcome === 'full') return { code: 'invalid-request', errors: [FULL] }
  return closedRefusal(deps, consultationId)
}
