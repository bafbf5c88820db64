import { type About, entryOf, recordRefusal } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ProblemCode, Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import { claimsOf, tokenHeader } from '../../rules/tokens/claims.ts'
import { type Deployment, meetingOf } from '../../rules/tokens/deployment.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { type Admission, admission, isBound } from '../../rules/consultations/admission.ts'
import { isoOf } from '../../rules/time.ts'
import { countedAs } from '../../rules/invitations/invitation.ts'
import type { Caller, Policy } from '../../rules/policy/policy.ts'
import { decide, type Grant } from '../../rules/tokens/decide.ts'
import { countGrant, type IssuingLimits } from './token-limits.ts'
import { enter, type EnteringParts, waitingAnswer } from '../consultations/enter.ts'
import type { Clock, Keys, Ledger, NewId, RateLimiter, Trace } from '../ports.ts'

/** What issuing needs. */
export type IssuingParts = EnteringParts & {
  policy: () => Policy
  deployment: Deployment
  clock: Clock
  newId: NewId
  keys: Pick<Keys, 'signer'>
  ledger: Ledger
  limiter: RateLimiter
  limits: IssuingLimits
  metrics: IssuingMetrics
  trace: Trace
}

/** Counts what was decided; each name is one that the policy knows. */
type IssuingMetrics = { issued(role: string, caller: string): void; refused(code: ProblemCode): void }

/**
 * The one door that a token leaves by: decides, counts, signs, and keeps the entry before anything is answered.
 * @param request a request whose shape was checked
 * @param gone tells that nobody waits for the token any more; then it is not signed
 * @param renews the token that this one takes the place of: its id, and when it was issued, in epoch milliseconds
 * @returns the answer, or who waits to be admitted, or the refusal; each stands in the record by then
 * @throws ServiceFault `overloaded`, `client-gone`, `record-unavailable`; the token, if there is one, is dropped
 */
export async function issueToken(
  parts: IssuingParts,
  asking: Asking,
  request: TokenRequest,
  gone?: () => boolean,
  renews?: { jti: string; issuedAt: number },
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  // From before anything is looked up: what takes time prolongs no token, and what changes meanwhile is later than it.
  const at = parts.clock()
  const { consultation, outcome } = isBound(asking.caller) ? await enter(parts, asking, request) : NO_CONSULTATION
  if (outcome !== undefined && 'since' in outcome) return waitingAnswer(outcome)
  const about = {
    ...(consultation === undefined ? {} : { consultation: consultation.id }),
    ...(renews === undefined ? {} : { renews: renews.jti }),
  }
  const decision = parts.trace('decide', () => decided(parts.policy(), asking.caller, request, outcome))
  if ('code' in decision) return refuse(parts, asking, request, decision, about)
  const passed = (await revocation(parts, decision, renews)) ?? (await countGrant(parts, asking.caller, decision))
  if (passed !== undefined) return refuse(parts, asking, request, passed, about)
  const answer = await issue(parts, asking, decision, { gone, at }, about)
  // Whoever was revoked, or shut out of the consultation, while the token was made does not get it.
  const late = (await revocation(parts, decision, renews)) ?? (await shutOut(parts, asking, request, consultation, at))
  return late === undefined ? answer : refuse(parts, asking, request, late, about)
}

/** What became of a consultation since it let somebody in at a time. */
async function shutOut(
  { consultations, policy }: IssuingParts,
  { caller }: Asking,
  request: TokenRequest,
  entered: Consultation | undefined,
  at: number,
): Promise<Refusal | undefined> {
  const now = entered === undefined ? undefined : await consultations.byId(entered.id)
  if (entered === undefined || now?.version === entered.version) return undefined
  const outcome = admission(policy(), caller, request, now, at)
  return 'code' in outcome ? outcome : undefined
}

const NO_CONSULTATION = { consultation: undefined, outcome: undefined }

const decided = (policy: Policy, caller: Caller, request: TokenRequest, entered: Admission | Refusal | undefined) =>
  entered !== undefined && 'code' in entered ? entered : decide(policy, caller, request, entered)

/** Whom the policy would grant a token may be revoked; the rooms of consultations are known by name, whoever asks. */
async function revocation(
  { revoked }: IssuingParts,
  { room, user }: Grant,
  renews: { issuedAt: number } | undefined,
): Promise<Refusal | undefined> {
  const issued = renews === undefined ? {} : { issuedAt: renews.issuedAt }
  return (await revoked.bars({ room, userId: user.id, ...issued })) ? { code: 'revoked' } : undefined
}

/** What a token is about beside its claims. */
type Links = Pick<AuditEntry, 'consultation' | 'renews'>

const actionOf = ({ renews }: Links) => (renews === undefined ? 'token.issue' : 'token.renew')

async function refuse(
  parts: IssuingParts,
  asking: Asking,
  request: TokenRequest,
  refusal: Refusal,
  about: Links,
): Promise<Refusal> {
  await recordRefusal(parts, asking, refusal.code, { ...askedBy(asking.caller, request), ...about }, actionOf(about))
  parts.metrics.refused(refusal.code)
  return refusal
}

async function issue(
  parts: IssuingParts,
  asking: Asking,
  grant: Grant,
  { gone, at }: { gone: (() => boolean) | undefined; at: number },
  about: Links,
): Promise<TokenAnswer> {
  // One signer from header to signature: the ring may change in between.
  const signer = parts.keys.signer()
  const header = tokenHeader(parts.deployment, signer.keyId)
  const claims = claimsOf(parts.deployment, grant, at, parts.newId())
  const token = await parts.trace('sign', () => signer.sign(header, claims, gone))
  const kept: AuditEntry = {
    ...entryOf(parts, asking, actionOf(about), 'issued'),
    ...about,
    room: grant.room,
    userId: grant.user.id,
    role: grant.role,
    jti: claims.jti,
    ...('kid' in header ? { kid: header.kid } : {}),
    lifetimeSeconds: grant.lifetimeSeconds,
  }
  await parts.trace('record', () => parts.ledger.append(kept))
  parts.metrics.issued(grant.role, countedAs(asking.caller))
  return {
    token,
    expiresAt: isoOf(claims.exp * 1000),
    roomId: grant.room,
    userRole: grant.role,
    moderator: grant.rolePolicy.moderator,
    meeting: meetingOf(parts.deployment, grant.room, grant.rolePolicy),
    ...(grant.consultation === undefined ? {} : { consultationId: grant.consultation }),
  }
}

/** What a refused request asked for, and for whom: a signed-in user is who was verified, whatever the request says. */
function askedBy({ user }: Caller, { roomId, userId, userRole }: TokenRequest): About {
  const who = user?.id ?? userId
  return {
    room: roomId,
    ...(who === undefined ? {} : { userId: who }),
    ...(userRole === undefined ? {} : { role: userRole }),
  }
}
