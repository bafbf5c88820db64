import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ProblemCode, Refusal } from '../../contract/problem.ts'
import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import { isConsultationBound } from '../../rules/consultations/admission.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { metricsCallerOf } from '../../rules/invitations/invitation.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { toIso } from '../../rules/time.ts'
import { claimsOf, tokenHeader } from '../../rules/tokens/claims.ts'
import { type Deployment, meetingOf } from '../../rules/tokens/deployment.ts'
import { type Decision, evaluate, type Grant, isCoveredBy } from '../../rules/tokens/evaluate.ts'
import { auditEntryOf, recordRefusal } from '../audit/record.ts'
import type { Keys } from '../keys/ports.ts'
import type { Ledger, NewId, RateLimiter } from '../ports.ts'
import type { Requester } from '../requester.ts'
import { enterConsultation, type EnterConsultationDeps, recordWaiting, toWaitingAnswer } from './enter-consultation.ts'
import { actionOf, type Links, linksOf, requestedSubject } from './audit-links.ts'
import { takeTokenLimits, type TokenLimits } from './token-limits.ts'

export type IssueTokenDeps = EnterConsultationDeps & {
  deployment: Deployment
  newId: NewId
  keys: Pick<Keys, 'signer'>
  ledger: Ledger
  limiter: RateLimiter
  limits: TokenLimits
  metrics: TokenMetrics
}

/** Counts issued tokens and refused requests. `role` and `caller` are names that the policy knows. */
type TokenMetrics = { countIssued(role: string, caller: string): void; countRefusal(code: ProblemCode): void }

/** The token that a new one replaces: its id, and when it was issued, in epoch milliseconds. */
type Renewed = { jti: string; issuedAt: number }

export type IssueOptions = {
  /** Whether the client closed the connection; the token is not signed then. */
  isAborted?: (() => boolean) | undefined
  /** The token that the new one replaces. */
  renews?: Renewed
  /** The quality of the participant's network, for the meeting configuration; default: good. */
  network?: Network | undefined
  /** Checks the session of a browser after signing. @returns a refusal if the session has ended */
  findSessionEnd?: () => Promise<Refusal | undefined>
}

/** A token request on its way to a token. */
type Issuance = {
  requester: Requester
  request: TokenRequest
  /** When the request arrived, in epoch milliseconds. Neither waiting nor signing makes a token valid for longer. */
  at: number
} & IssueOptions

/** What an evaluation was based on, so that a change can be noticed after signing. */
type Basis = { policy: Policy; consultation: Consultation | undefined }

/**
 * Issues a token. Every token leaves the service through this function: it evaluates the request, counts it against the
 * limits, signs, writes the audit entry, and evaluates once more in case the policy, the consultation or the revocations
 * changed meanwhile.
 * @param request a request that fits its schema
 * @returns the token; or that the participant waits to be admitted; or a refusal. Each is in the audit record by then
 * @throws ServiceFault `overloaded`, `client-aborted`, `record-unavailable`; a token that was signed is dropped
 */
export async function issueToken(
  deps: IssueTokenDeps,
  requester: Requester,
  request: TokenRequest,
  options: IssueOptions = {},
): Promise<TokenAnswer | WaitingAnswer | Refusal> {
  const issuance: Issuance = { ...options, requester, request, at: deps.clock() }
  const { renews } = options
  const policy = deps.policy()
  const { consultation, decision } = await decide(deps, issuance)
  if ('since' in decision) return toWaitingAnswer(decision)
  const links = linksOf(consultation, renews)
  if ('code' in decision) return recordRefused(deps, issuance, decision, links)
  const limited = await takeTokenLimits(deps, requester.caller, decision)
  if (limited !== undefined) return recordRefused(deps, issuance, limited, links)
  const { answer, undoes } = await sign(deps, issuance, decision, links)
  const change = await findChange(deps, issuance, decision, { policy, consultation })
  if (change === undefined) return answer
  // The signed token is dropped: the request is decided as if it came now.
  const dropped = 'code' in change ? change : CHANGED
  await recordRefused(deps, issuance, dropped, { ...links, undoes })
  if ('code' in change) return change
  if ('since' in change) {
    await recordWaiting(deps, requester, change)
    return toWaitingAnswer(change)
  }
  return issueToken(deps, requester, request, options)
}

/** The refusal in the audit record of a dropped token whose request is decided again. */
const CHANGED: Refusal = { code: 'version-conflict' }

/** Evaluates the request; a participant of a consultation takes a place or waits. */
async function decide(
  deps: IssueTokenDeps,
  { requester, request, at, renews }: Issuance,
): Promise<{ consultation: Consultation | undefined; decision: Decision }> {
  const { caller } = requester
  if (isConsultationBound(caller)) {
    return enterConsultation(deps, { requester, request, at, issuedAt: renews?.issuedAt })
  }
  const decision = deps.trace('decide', () => evaluate(deps.policy(), caller, request, undefined, at))
  if ('code' in decision || 'since' in decision) return { consultation: undefined, decision }
  return { consultation: undefined, decision: (await checkRevoked(deps, decision, renews)) ?? decision }
}

/** Rooms of consultations are known by name, so a revocation of a consultation applies to every caller. */
async function checkRevoked(
  { revoked }: IssueTokenDeps,
  { room, user }: Grant,
  renews: Renewed | undefined,
): Promise<Refusal | undefined> {
  const issued = renews === undefined ? {} : { issuedAt: renews.issuedAt }
  return (await revoked.isRevoked({ room, userId: user.id, ...issued })) ? { code: 'revoked' } : undefined
}

/**
 * Evaluates a granted request again after signing.
 * @param basis what the grant was based on
 * @returns undefined where the grant still holds; otherwise the new decision
 */
async function findChange(
  deps: IssueTokenDeps,
  { requester, request, at, renews, findSessionEnd }: Issuance,
  grant: Grant,
  basis: Basis,
): Promise<Decision | undefined> {
  const refused = (await checkRevoked(deps, grant, renews)) ?? (await findSessionEnd?.())
  if (refused !== undefined) return refused
  const before = basis.consultation
  const consultation = before === undefined ? undefined : await deps.consultations.findById(before.id)
  if (consultation?.version === before?.version && deps.policy() === basis.policy) return undefined
  const decision = evaluate(deps.policy(), requester.caller, request, consultation, at)
  return 'room' in decision && isCoveredBy(grant, decision) ? undefined : decision
}

async function recordRefused(
  deps: IssueTokenDeps,
  { requester, request }: Issuance,
  refusal: Refusal,
  links: Links,
): Promise<Refusal> {
  const subject = { ...requestedSubject(requester.caller, request), ...links }
  await recordRefusal(deps, requester, refusal.code, subject, actionOf(links))
  deps.metrics.countRefusal(refusal.code)
  return refusal
}

/**
 * Signs a granted token, and writes its audit entry before returning it.
 * @returns the answer, and the position of the entry in case the token is dropped
 */
async function sign(
  deps: IssueTokenDeps,
  { requester, at, isAborted, network }: Issuance,
  grant: Grant,
  links: Links,
): Promise<{ answer: TokenAnswer; undoes: string }> {
  // One signer for header and signature: the key ring may be reloaded in between.
  const signer = deps.keys.signer()
  const header = tokenHeader(deps.deployment, signer.keyId)
  const claims = claimsOf(deps.deployment, grant, at, deps.newId())
  const token = await deps.trace('sign', () => signer.sign(header, claims, isAborted))
  const entry: AuditEntry = {
    ...auditEntryOf(deps, requester, actionOf(links), 'issued'),
    ...links,
    room: grant.room,
    userId: grant.user.id,
    role: grant.role,
    jti: claims.jti,
    ...('kid' in header ? { kid: header.kid } : {}),
    lifetimeSeconds: grant.lifetimeSeconds,
  }
  const undoes = await deps.trace('record', () => deps.ledger.append(entry))
  deps.metrics.countIssued(grant.role, metricsCallerOf(requester.caller))
  const answer = {
    token,
    expiresAt: toIso(claims.exp * 1000),
    roomId: grant.room,
    userRole: grant.role,
    moderator: grant.rolePolicy.moderator,
    meeting: meetingOf(deps.deployment, grant.room, grant.rolePolicy, network),
    ...(grant.admitted === undefined ? {} : { consultationId: grant.admitted.consultation.id }),
  }
  return { answer, undoes }
}
