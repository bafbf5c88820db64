import type { AuditEntry } from '../contract/audit.ts'
import type { ProblemCode, Refusal } from '../contract/problem.ts'
import type { TokenAnswer, TokenRequest } from '../contract/token.ts'
import { claimsOf, type Deployment, meetingOf, tokenHeader } from '../rules/claims.ts'
import { type Caller, decide, type Grant, type Policy } from '../rules/policy.ts'
import type { Clock, Ledger, NewId, Signer } from './ports.ts'

/** What issuing needs. */
export type IssuingParts = {
  policy: Policy
  deployment: Deployment
  clock: Clock
  newId: NewId
  signer: Signer
  ledger: Ledger
}

/** Who asks, and under which request id. */
export type Asking = { caller: Caller; requestId: string }

/**
 * The one door that a token leaves by: decides, signs, and keeps the entry before anything is answered.
 * @param request a request whose shape was checked
 * @returns the answer, or the refusal; either stands in the record by then
 * @throws ServiceFault `overloaded`, `record-unavailable`; the token, if there is one, is dropped
 */
export async function issueToken(
  parts: IssuingParts,
  asking: Asking,
  request: TokenRequest,
): Promise<TokenAnswer | Refusal> {
  const decision = decide(parts.policy, asking.caller, request)
  const asked = { room: request.roomId, userId: request.userId, role: request.userRole }
  if ('code' in decision) {
    await recordRefusal(parts, asking, decision.code, asked)
    return decision
  }
  return issue(parts, asking, decision, asked)
}

async function issue(parts: IssuingParts, asking: Asking, grant: Grant, asked: Asked): Promise<TokenAnswer> {
  const header = tokenHeader(parts.deployment, parts.signer.keyId)
  const claims = claimsOf(parts.deployment, grant, parts.clock(), parts.newId())
  const token = await parts.signer.sign(header, claims)
  await parts.ledger.append({
    ...entry(parts, asking, 'issued', asked),
    jti: claims.jti,
    kid: header.kid,
    lifetimeSeconds: grant.lifetimeSeconds,
  })
  return {
    token,
    expiresAt: new Date(claims.exp * 1000).toISOString(),
    roomId: grant.room,
    userRole: grant.role,
    moderator: grant.rolePolicy.moderator,
    meeting: meetingOf(parts.deployment, grant.room),
  }
}

type Asked = Pick<AuditEntry, 'room' | 'userId' | 'role'>

/**
 * Keeps the refusal of a caller that is known.
 * @param asked what the request asked for, where its shape was checked
 * @throws ServiceFault `record-unavailable`
 */
export async function recordRefusal(
  parts: Pick<IssuingParts, 'clock' | 'ledger'>,
  asking: Asking,
  code: ProblemCode,
  asked: Asked = {},
): Promise<void> {
  await parts.ledger.append({ ...entry(parts, asking, 'refused', asked), code })
}

function entry(
  parts: Pick<IssuingParts, 'clock'>,
  asking: Asking,
  outcome: AuditEntry['outcome'],
  asked: Asked,
): AuditEntry {
  return {
    time: parts.clock(),
    requestId: asking.requestId,
    caller: asking.caller.id,
    action: 'token.issue',
    outcome,
    ...asked,
  }
}
