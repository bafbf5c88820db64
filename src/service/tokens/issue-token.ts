import { type AuditSubject, auditEntryOf, recordRefusal } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ProblemCode, Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import { claimsOf, tokenHeader } from '../../rules/tokens/claims.ts'
import { type Deployment, meetingOf } from '../../rules/tokens/deployment.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { type Admission, evaluateAdmission, isConsultationBound } from '../../rules/consultations/admission.ts'
import { toIso } from '../../rules/time.ts'
import { metricsCallerOf } from '../../rules/invitations/invitation.ts'
import type { Caller, Policy } from '../../rules/policy/policy.ts'
import { decide, type Grant } from '../../rules/tokens/decide.ts'
import { takeTokenLimits, type TokenLimits } from './token-limits.ts'
import { enterConsultation, type EnterConsultationDeps, toWaitingAnswer } from '../consultations/enter.ts'
import type { Clock, NewId, RateLimiter, Trace } from '../ports.ts'
import type { Ledger } from '../ports.ts'
import type { Keys } from '../keys/ports.ts'

/** What issuing needs. */
export type IssueTokenDeps = EnterConsultationDeps & {
  policy: () => Policy
  deployment: Deployment
  clock: Clock
  newId: NewId
  keys: Pick<Keys, 'signer'>
  ledger: Ledger
  limiter: RateLimiter
  limits: TokenLimits
  metrics: IssuingMetrics
  trace: Trace
}

/** Counts what was decided; each name is one that the policy knows. */
type IssuingMetrics = { countIssued(role: string, caller: string): void; countRefusal(code: ProblemCode): void }

/**
 * The one door that a token leaves by: decides, counts, signs, and keeps the entry before anything is answered.
 * @param request a request whose shape was checked
 * @param isAborted tells that nobody waits for the token any more; then it is not signed
 * @param renews the token that this one takes the place of: its id, and when it was issued, in epoch milliseconds
 * @returns the answer, or who waits to be admitted, or the refusal; each stands in the record by then
 * @throws ServiceFault `overloaded`, `client-aborted`, `record-unavailable`; the token, if there is one, is dropped
 */
export async function issueToken(
  deps: IssueTokenDeps,
  requester: Requester,
  request: TokenRequest,
  isAborted?: () => boolean,
  renews?: { jti: string; issuedAt: number },
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  // From before anything is looked up: what takes time prolongs no token, and what changes meanwhile is later than it.
  const at = deps.clock()
  const { consultation, outcome } = isConsultationBound(requester.caller)
    ? await enterConsultation(deps, requester, request)
    : NO_CONSULTATION
  if (outcome !== undefined && 'since' in outcome) return toWaitingAnswer(outcome)
  const about = {
    ...(consultation === undefined ? {} : { consultation: consultation.id }),
    ...(renews === undefined ? {} : { renews: renews.jti }),
  }
  const decision = deps.trace('decide', () => decided(deps.policy(), requester.caller, request, outcome))
  if ('code' in decision) return recordRefused(deps, requester, request, decision, about)
  const passed = (await revocation(deps, decision, renews)) ?? (await takeTokenLimits(deps, requester.caller, decision))
  if (passed !== undefined) return recordRefused(deps, requester, request, passed, about)
  const answer = await issue(deps, requester, decision, { isAborted, at }, about)
  // Whoever was revoked, or shut out of the consultation, while the token was made does not get it.
  const late = (await revocation(deps, decision, renews)) ?? (await shutOut(deps, requester, request, consultation, at))
  return late === undefined ? answer : recordRefused(deps, requester, request, late, about)
}

/** What became of a consultation since it let somebody in at a time. */
async function shutOut(
  { consultations, policy }: IssueTokenDeps,
  { caller }: Requester,
  request: TokenRequest,
  entered: Consultation | undefined,
  at: number,
): Promise<Refusal | undefined> {
  const now = entered === undefined ? undefined : await consultations.findById(entered.id)
  if (entered === undefined || now?.version === entered.version) return undefined
  const outcome = evaluateAdmission(policy(), caller, request, now, at)
  return 'code' in outcome ? outcome : undefined
}

const NO_CONSULTATION = { consultation: undefined, outcome: undefined }

const decided = (policy: Policy, caller: Caller, request: TokenRequest, entered: Admission | Refusal | undefined) =>
  entered !== undefined && 'code' in entered ? entered : decide(policy, caller, request, entered)

/** Whom the policy would grant a token may be revoked; the rooms of consultations are known by name, whoever asks. */
async function revocation(
  { revoked }: IssueTokenDeps,
  { room, user }: Grant,
  renews: { issuedAt: number } | undefined,
): Promise<Refusal | undefined> {
  const issued = renews === undefined ? {} : { issuedAt: renews.issuedAt }
  return (await revoked.isRevoked({ room, userId: user.id, ...issued })) ? { code: 'revoked' } : undefined
}

/** What a token is about beside its claims. */
type Links = Pick<AuditEntry, 'consultation' | 'renews'>

const actionOf = ({ renews }: Links) => (renews === undefined ? 'token.issue' : 'token.renew')

async function recordRefused(
  deps: IssueTokenDeps,
  requester: Requester,
  request: TokenRequest,
  refusal: Refusal,
  about: Links,
): Promise<Refusal> {
  await recordRefusal(
    deps,
    requester,
    refusal.code,
    { ...askedBy(requester.caller, request), ...about },
    actionOf(about),
  )
  deps.metrics.countRefusal(refusal.code)
  return refusal
}

async function issue(
  deps: IssueTokenDeps,
  requester: Requester,
  grant: Grant,
  { isAborted, at }: { isAborted: (() => boolean) | undefined; at: number },
  about: Links,
): Promise<TokenAnswer> {
  // One signer from header to signature: the ring may change in between.
  const signer = deps.keys.signer()
  const header = tokenHeader(deps.deployment, signer.keyId)
  const claims = claimsOf(deps.deployment, grant, at, deps.newId())
  const token = await deps.trace('sign', () => signer.sign(header, claims, isAborted))
  const kept: AuditEntry = {
    ...auditEntryOf(deps, requester, actionOf(about), 'issued'),
    ...about,
    room: grant.room,
    userId: grant.user.id,
    role: grant.role,
    jti: claims.jti,
    ...('kid' in header ? { kid: header.kid } : {}),
    lifetimeSeconds: grant.lifetimeSeconds,
  }
  await deps.trace('record', () => deps.ledger.append(kept))
  deps.metrics.countIssued(grant.role, metricsCallerOf(requester.caller))
  return {
    token,
    expiresAt: toIso(claims.exp * 1000),
    roomId: grant.room,
    userRole: grant.role,
    moderator: grant.rolePolicy.moderator,
    meeting: meetingOf(deps.deployment, grant.room, grant.rolePolicy),
    ...(grant.consultation === undefined ? {} : { consultationId: grant.consultation }),
  }
}

/** What a refused request asked for, and for whom: a signed-in user is who was verified, whatever the request says. */
function askedBy({ user }: Caller, { roomId, userId, userRole }: TokenRequest): AuditSubject {
  const who = user?.id ?? userId
  return {
    room: roomId,
    ...(who === undefined ? {} : { userId: who }),
    ...(userRole === undefined ? {} : { role: userRole }),
  }
}
