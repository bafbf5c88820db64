import { type InvitationAnswer, type InvitationRequest, SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { deriveSecret, hashSecret } from '../../rules/secret.ts'
import { DONE, recordAction } from '../audit/record.ts'
import { type Created, findReplay, identifyRequest, type IdempotentRequest } from '../consultations/idempotency.ts'
import type { IdempotentAnswer } from '../consultations/ports.ts'
import type { NewSecret } from '../ports.ts'
import type { Requester } from '../requester.ts'
import { auditSubjectOf, buildInvitationAnswer, type FindInvitationDeps } from './invitations.ts'

/** What is stored of an answer with a code: the code itself is derived from the salt and the Idempotency-Key. */
type StoredAnswer = { invitationId: string; salt: string }

/** A request for an invitation that may be repeated. `idempotencyKey` is as the caller sent it. */
export type RepeatableRequest = IdempotentRequest & { idempotencyKey: string }

/**
 * Identifies a request for an invitation. The key is stored as a hash, because the code can be derived from it.
 * @param idempotencyKey undefined if the request may not be repeated
 */
export function identifyInvitation(
  requester: Requester,
  consultationId: string,
  request: InvitationRequest,
  idempotencyKey: string | undefined,
): RepeatableRequest | undefined {
  if (idempotencyKey === undefined) return undefined
  const key = `${consultationId}/invitations ${hashSecret(idempotencyKey)}`
  const identity = identifyRequest(requester, request, key)
  return identity === undefined ? undefined : { ...identity, idempotencyKey }
}

/**
 * Creates the code of a new invitation.
 * @returns a code that a repeated request gets again, with the answer to store; without a key a random code
 */
export function createCode(
  newSecret: NewSecret,
  invitationId: string,
  request: RepeatableRequest | undefined,
): { code: string; idempotent?: IdempotentAnswer } {
  const salt = newSecret(SECRET_BYTES)
  if (request === undefined) return { code: salt }
  const { idempotencyKey, ...identity } = request
  const answer = JSON.stringify({ invitationId, salt } satisfies StoredAnswer)
  return { code: deriveSecret(salt, idempotencyKey), idempotent: { ...identity, answer } }
}

/**
 * Answers a repeated request for an invitation.
 * @returns the invitation as it is now, with its code unless a newer code replaced it; `idempotency-key-reused`; undefined if
 *   the request is new
 * @throws ServiceFault `record-unavailable`
 */
export async function replayInvitation(
  deps: FindInvitationDeps & { publicUrl: string | undefined },
  requester: Requester,
  consultation: Consultation,
  request: RepeatableRequest | undefined,
): Promise<Created<InvitationAnswer> | Refusal | undefined> {
  const subject = { consultation: consultation.id }
  const replay = await findReplay(deps, requester, 'invitation.create', request, subject)
  if (replay === undefined || 'code' in replay || request === undefined) return replay as Refusal | undefined
  const { invitationId, salt } = JSON.parse(replay.stored) as StoredAnswer
  const code = deriveSecret(salt, request.idempotencyKey)
  const invitation = await deps.invitations.findById(consultation.id, invitationId)
  if (invitation === undefined) return undefined
  await recordAction(deps, requester, 'consultation.read', DONE, auditSubjectOf(invitation))
  const isCurrent = (await deps.invitations.findByCode(hashSecret(code)))?.isCurrent === true
  const shown = isCurrent ? { code, publicUrl: deps.publicUrl } : undefined
  return { answer: buildInvitationAnswer(deps, consultation, invitation, shown), isReplay: true }
}
