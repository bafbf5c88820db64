import type { Origin } from '../../contract/audit/audit-entry.ts'
import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import { type Redemption, SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { closesAt } from '../../rules/policy/window.ts'
import type { Limits } from '../../rules/limits.ts'
import { DAY_MS } from '../../rules/time.ts'
import { callerOfInvitation, hashSecret, type Invitation, isLive } from '../../rules/invitations/invitation.ts'
import { type Invitee, resolveInvitee } from '../../rules/invitations/redemption.ts'
import { DONE, recordAction, refusalOutcome } from '../audit/record.ts'
import { checkBan, countFailure } from '../login-failures.ts'
import type { InvitationStore } from './ports.ts'
import { findSessionForCode } from './sessions.ts'
import { auditSubjectOf, closedRefusal } from './invitations.ts'
import { type IssueTokenDeps, issueToken } from '../tokens/issue-token.ts'
import type { Requester } from '../requester.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What redeeming needs. */
export type RedeemInvitationDeps = Omit<IssueTokenDeps, 'limits' | 'metrics'> & {
  invitations: InvitationStore
  newId: NewId
  newSecret: NewSecret
  limits: Pick<Limits, 'perUser' | 'perRoom' | 'perInvitation' | 'failedLoginsPerMinute'>
  metrics: IssueTokenDeps['metrics'] & { countRedemption(outcome: 'new' | 'again' | 'refused'): void }
}

/** Whoever asks: from where, as it is recorded and as it is counted, and what the cookie of the browser holds. */
export type RedeemingBrowser = { origin: Origin; network: string; secret: string | undefined }

/** A browser that an invitation lets ask for tokens from now on. */
export type BoundBrowser = {
  requester: Requester
  request: TokenRequest
  /** What the browser is known by from now on, and for how long, in milliseconds. */
  secret: string
  forMs: number
}

/** For how long beyond its consultation a browser is known, which may be put off: a day. */
const SLACK_MS = DAY_MS

const NOBODY = { id: '-', roles: new Set<string>(), scopes: new Set<never>() }
const INVALID: Refusal = { code: 'invitation-invalid' }

/**
 * Binds a browser to an invitation. A browser that is bound already is known by its cookie and uses nothing up; of another
 * the use is recorded, then marked, before anything comes of it. It is marked too when it is too early, so that an
 * invitation belongs to the first who opens it.
 * @param redemption one whose shape was checked
 * @returns what the browser may ask for, or a refusal, which stands in the record by then: `invitation-invalid`, the same
 *   for every code that does not work, whatever the reason; `rate-limited`, `invalid-request`, `not-a-participant`,
 *   `role-not-allowed`, `consultation-ended`, `consultation-cancelled`, `consultation-full`, `too-late`
 * @throws ServiceFault `record-unavailable`
 */
export async function bindBrowser(
  deps: RedeemInvitationDeps,
  visitor: RedeemingBrowser,
  redemption: Redemption,
): Promise<BoundBrowser | Refusal> {
  const bound = await bind(deps, visitor, redemption)
  if ('code' in bound) deps.metrics.countRedemption('refused')
  else deps.metrics.countRedemption(bound.secret === visitor.secret ? 'again' : 'new')
  return bound
}

/**
 * Answers a bound browser exactly as entering does.
 * @param isAborted tells that nobody waits for the token any more
 * @throws ServiceFault like `issueToken`
 */
export const enterAsBrowser = (
  deps: RedeemInvitationDeps,
  { requester, request }: BoundBrowser,
  isAborted: () => boolean,
): Promise<TokenAnswer | WaitingAnswer | Refusal> => issueToken(deps, requester, request, isAborted)

async function bind(
  deps: RedeemInvitationDeps,
  visitor: RedeemingBrowser,
  redemption: Redemption,
): Promise<BoundBrowser | Refusal> {
  const { limits, invitations } = deps
  const banned = await checkBan(deps, visitor.network)
  if (banned !== undefined) return banned
  const codeHash = hashSecret(redemption.code)
  const session = await findSessionForCode(deps, visitor.secret, codeHash)
  const limited = await takeInvitationLimit(deps, session?.sessionHash ?? codeHash)
  if (limited !== undefined) return recordRefused(deps, visitor, limited, session?.invitation)
  const invitation = session?.invitation ?? (await invitations.findByCode(codeHash))
  if (invitation === undefined) {
    await recordRefused(deps, visitor, INVALID)
    return countFailure(deps, visitor.network, limits.failedLoginsPerMinute, INVALID)
  }
  if (session === undefined && !isLive(invitation, deps.clock()))
    return recordRefused(deps, visitor, INVALID, invitation)
  const consultation = await deps.consultations.findById(invitation.consultationId)
  if (consultation === undefined) return recordRefused(deps, visitor, INVALID, invitation)
  const browser = session === undefined ? { guestId: `guest-${deps.newId()}` } : { userId: session.userId }
  const invitee = resolveInvitee(deps.policy(), invitation, consultation, redemption, browser, deps.clock())
  if ('code' in invitee) return recordRefused(deps, visitor, invitee, invitation)
  const binding = { invitation, consultation, invitee }
  if (session !== undefined && visitor.secret !== undefined)
    return toBoundBrowser(deps, visitor, binding, visitor.secret)
  return useCode(deps, visitor, binding, codeHash)
}

/**
 * Counts a code, known or not, or a browser that came by one: so those who wait do not take the place of one another. A part
 * of the hash does, and tells nobody the secret.
 */
async function takeInvitationLimit(
  { limiter, limits }: RedeemInvitationDeps,
  hash: string,
): Promise<Refusal | undefined> {
  const perMinute = limits.perInvitation
  const { allowed, retryAfterMs } = await limiter.take(`invitation:${hash.slice(0, 16)}`, perMinute)
  return allowed ? undefined : { code: 'rate-limited', retryAfterMs, limit: { name: 'invitation', perMinute } }
}

type Binding = { invitation: Invitation; consultation: Consultation; invitee: Invitee }

async function useCode(
  deps: RedeemInvitationDeps,
  visitor: RedeemingBrowser,
  binding: Binding,
  codeHash: string,
): Promise<BoundBrowser | Refusal> {
  const { invitation, consultation, invitee } = binding
  const { participant, isNew } = invitee
  const { userId } = participant
  const secret = deps.newSecret(SECRET_BYTES)
  const about = { ...auditSubjectOf(invitation), userId, room: consultation.room }
  await recordAction(
    deps,
    { ...visitor.origin, caller: callerOfInvitation(invitation) },
    'invitation.redeem',
    DONE,
    about,
  )
  const used = await deps.invitations.use(invitation, {
    codeHash,
    sessionHash: hashSecret(secret),
    userId,
    at: deps.clock(),
    ...(isNew ? { joins: { participant, most: MAX_PARTICIPANTS } } : {}),
  })
  if (used === 'dead') return recordRefused(deps, visitor, INVALID, invitation)
  if (used === 'full') return recordRefused(deps, visitor, { code: 'consultation-full' }, invitation)
  if (used === 'closed') return recordRefused(deps, visitor, await closedRefusal(deps, consultation.id), invitation)
  if (isNew) deps.changeBus.publish(consultation.id)
  return toBoundBrowser(deps, visitor, binding, secret)
}

/** @param secret what the browser is known by */
function toBoundBrowser(
  { policy, clock }: RedeemInvitationDeps,
  { origin }: RedeemingBrowser,
  { invitation, consultation, invitee }: Binding,
  secret: string,
): BoundBrowser {
  const { userId, name } = invitee.participant
  return {
    requester: { ...origin, caller: callerOfInvitation(invitation) },
    request: { roomId: consultation.room, userId, userName: name },
    secret,
    forMs: closesAt(consultation, policy().window) - clock() + SLACK_MS,
  }
}

async function recordRefused(
  deps: RedeemInvitationDeps,
  { origin }: RedeemingBrowser,
  refusal: Refusal,
  invitation?: Invitation,
): Promise<Refusal> {
  const caller = invitation === undefined ? NOBODY : callerOfInvitation(invitation)
  const about = invitation === undefined ? {} : auditSubjectOf(invitation)
  await recordAction(deps, { ...origin, caller }, 'invitation.redeem', refusalOutcome(refusal.code), about)
  return refusal
}
