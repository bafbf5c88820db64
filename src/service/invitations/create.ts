import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import {
  type InvitationAnswer,
  type InvitationRequest,
  MAX_INVITATIONS,
  MAX_LIVE_INVITATIONS,
} from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { FULL, type Invitation, planInvitation } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import { type Created, KEY_REUSED } from '../consultations/idempotency.ts'
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
import { createCode, identifyInvitation, replayInvitation } from './replay.ts'

export type CreateInvitationDeps = FindInvitationDeps & {
  changeBus: ChangeBus
  newId: NewId
  newSecret: NewSecret
  /** The base URL of the page that invitation links open. Without it, answers contain a code and no link. */
  publicUrl: string | undefined
}

const ACTION = 'invitation.create'

const LIMITS = { live: MAX_LIVE_INVITATIONS, all: MAX_INVITATIONS, participants: MAX_PARTICIPANTS }

/**
 * Creates an invitation to a consultation. It is in the audit record before this function returns.
 * @param request a request that fits its schema
 * @param idempotencyKey identifies the request; a repeated request gets the same invitation and code
 * @returns the invitation with its code; or `consultation-not-found`, `role-not-allowed`, `too-many-invitations`,
 *   `idempotency-key-reused`, or a refusal of `planInvitation`
 * @throws ServiceFault `record-unavailable`
 */
export async function createInvitation(
  deps: CreateInvitationDeps,
  requester: Requester,
  consultationId: string,
  request: InvitationRequest,
  idempotencyKey?: string,
): Promise<Created<InvitationAnswer> | Refusal> {
  const result = await findConsultation(deps, requester, ACTION, consultationId, 'moderator')
  if ('code' in result) return result
  const { consultation } = result
  const repeatable = identifyInvitation(requester, consultationId, request, idempotencyKey)
  const replay = await replayInvitation(deps, requester, consultation, repeatable)
  if (replay !== undefined) return replay
  const plan = planInvitation(deps.policy(), requester.caller, consultation, request, deps.clock())
  if ('code' in plan) return refuseAction(deps, requester, ACTION, plan, { consultation: consultationId })
  const invitation = { ...plan, id: deps.newId() }
  const { code, ...answer } = createCode(deps.newSecret, invitation.id, repeatable)
  const undoes = await recordAction(deps, requester, ACTION, DONE, {
    ...auditSubjectOf(invitation),
    room: consultation.room,
  })
  const addition = { invitee: inviteeOf(invitation), limits: LIMITS, ...answer }
  const outcome = await deps.invitations.add(invitation, hashSecret(code), addition)
  if (outcome !== 'added') {
    const refusal = await additionRefusal(deps, consultationId, outcome)
    await refuseAction(deps, requester, ACTION, refusal, { ...refusalSubjectOf(invitation), undoes })
    const isRepeated = outcome === 'answered'
    return (isRepeated ? await replayInvitation(deps, requester, consultation, repeatable) : undefined) ?? refusal
  }
  if (invitation.userId !== undefined) deps.changeBus.publish(consultationId)
  const shownOnce = { code, publicUrl: deps.publicUrl }
  return { answer: buildInvitationAnswer(deps, consultation, invitation, shownOnce), isReplay: false }
}

const inviteeOf = ({ userId, role, name, createdAt }: Invitation) =>
  userId === undefined ? undefined : { userId, role, since: createdAt, ...(name === undefined ? {} : { name }) }

/** Why the store did not add an invitation. */
async function additionRefusal(
  deps: CreateInvitationDeps,
  consultationId: string,
  outcome: 'too-many' | 'full' | 'closed' | 'answered',
): Promise<Refusal> {
  if (outcome === 'answered') return KEY_REUSED
  if (outcome === 'too-many') return { code: 'too-many-invitations' }
  if (outcome === 'full') return { code: 'invalid-request', errors: [FULL] }
  return closedRefusal(deps, consultationId)
}
