import type { Origin } from '../../contract/audit/audit-entry.ts'
import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import { type Redemption, SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { closesAt } from '../../rules/policy/window.ts'
import { DAY_MS } from '../../rules/time.ts'
import { callerBy, hashOfSecret, type Invitation, isLive } from '../../rules/invitations/invitation.ts'
import { type Invitee, inviteeOf } from '../../rules/invitations/redemption.ts'
import { DONE, keep, refusedWith } from '../audit/record.ts'
import { bannedFor, failing } from '../login-failures.ts'
import type { InvitationStore } from './ports.ts'
import { sessionBy } from './sessions.ts'
import { aboutIt, whyClosed } from './invitations.ts'
import { type IssuingParts, issueToken } from '../tokens/issue-token.ts'
import type { Asking } from '../requester.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What redeeming needs. */
export type RedeemingParts = Omit<IssuingParts, 'limits' | 'metrics'> & {
  invitations: InvitationStore
  newId: NewId
  newSecret: NewSecret
  limits: IssuingParts['limits'] & { perInvitation: number; failedPerMinute: number }
  metrics: IssuingParts['metrics'] & { redeemed(outcome: 'new' | 'again' | 'refused'): void }
}

/** Whoever asks: from where, as it is recorded and as it is counted, and what the cookie of the browser holds. */
export type Visitor = { origin: Origin; network: string; secret: string | undefined }

/** A browser that an invitation lets ask for tokens from now on. */
export type Bound = {
  asking: Asking
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
  parts: RedeemingParts,
  visitor: Visitor,
  redemption: Redemption,
): Promise<Bound | Refusal> {
  const bound = await bind(parts, visitor, redemption)
  if ('code' in bound) parts.metrics.redeemed('refused')
  else parts.metrics.redeemed(bound.secret === visitor.secret ? 'again' : 'new')
  return bound
}

/**
 * Answers a bound browser exactly as entering does.
 * @param gone tells that nobody waits for the token any more
 * @throws ServiceFault like `issueToken`
 */
export const enterBound = (
  parts: RedeemingParts,
  { asking, request }: Bound,
  gone: () => boolean,
): Promise<TokenAnswer | WaitingAnswer | Refusal> => issueToken(parts, asking, request, gone)

async function bind(parts: RedeemingParts, visitor: Visitor, redemption: Redemption): Promise<Bound | Refusal> {
  const { limits, invitations } = parts
  const banned = await bannedFor(parts, visitor.network)
  if (banned !== undefined) return banned
  const codeHash = hashOfSecret(redemption.code)
  const session = await sessionBy(parts, visitor.secret, codeHash)
  const limited = await count(parts, session?.sessionHash ?? codeHash)
  if (limited !== undefined) return refuse(parts, visitor, limited, session?.invitation)
  const invitation = session?.invitation ?? (await invitations.byCode(codeHash))
  if (invitation === undefined) {
    await refuse(parts, visitor, INVALID)
    return failing(parts, visitor.network, limits.failedPerMinute, INVALID)
  }
  if (session === undefined && !isLive(invitation, parts.clock())) return refuse(parts, visitor, INVALID, invitation)
  const consultation = await parts.consultations.byId(invitation.consultationId)
  if (consultation === undefined) return refuse(parts, visitor, INVALID, invitation)
  const browser = session === undefined ? { guestId: `guest-${parts.newId()}` } : { userId: session.userId }
  const invitee = inviteeOf(parts.policy(), invitation, consultation, redemption, browser, parts.clock())
  if ('code' in invitee) return refuse(parts, visitor, invitee, invitation)
  const binding = { invitation, consultation, invitee }
  if (session !== undefined && visitor.secret !== undefined) return boundAs(parts, visitor, binding, visitor.secret)
  return useUp(parts, visitor, binding, codeHash)
}

/**
 * Counts a code, known or not, or a browser that came by one: so those who wait do not take the place of one another. A part
 * of the hash does, and tells nobody the secret.
 */
async function count({ limiter, limits }: RedeemingParts, hash: string): Promise<Refusal | undefined> {
  const perMinute = limits.perInvitation
  const { allowed, retryAfterMs } = await limiter.take(`invitation:${hash.slice(0, 16)}`, perMinute)
  return allowed ? undefined : { code: 'rate-limited', retryAfterMs, limit: { name: 'invitation', perMinute } }
}

type Binding = { invitation: Invitation; consultation: Consultation; invitee: Invitee }

async function useUp(
  parts: RedeemingParts,
  visitor: Visitor,
  binding: Binding,
  codeHash: string,
): Promise<Bound | Refusal> {
  const { invitation, consultation, invitee } = binding
  const { participant, isNew } = invitee
  const { userId } = participant
  const secret = parts.newSecret(SECRET_BYTES)
  const about = { ...aboutIt(invitation), userId, room: consultation.room }
  await keep(parts, { ...visitor.origin, caller: callerBy(invitation) }, 'invitation.redeem', DONE, about)
  const used = await parts.invitations.use(invitation, {
    codeHash,
    sessionHash: hashOfSecret(secret),
    userId,
    at: parts.clock(),
    ...(isNew ? { joins: { participant, most: MAX_PARTICIPANTS } } : {}),
  })
  if (used === 'dead') return refuse(parts, visitor, INVALID, invitation)
  if (used === 'full') return refuse(parts, visitor, { code: 'consultation-full' }, invitation)
  if (used === 'closed') return refuse(parts, visitor, await whyClosed(parts, consultation.id), invitation)
  if (isNew) parts.bell.ring(consultation.id)
  return boundAs(parts, visitor, binding, secret)
}

/** @param secret what the browser is known by */
function boundAs(
  { policy, clock }: RedeemingParts,
  { origin }: Visitor,
  { invitation, consultation, invitee }: Binding,
  secret: string,
): Bound {
  const { userId, name } = invitee.participant
  return {
    asking: { ...origin, caller: callerBy(invitation) },
    request: { roomId: consultation.room, userId, userName: name },
    secret,
    forMs: closesAt(consultation, policy().window) - clock() + SLACK_MS,
  }
}

async function refuse(
  parts: RedeemingParts,
  { origin }: Visitor,
  refusal: Refusal,
  invitation?: Invitation,
): Promise<Refusal> {
  const caller = invitation === undefined ? NOBODY : callerBy(invitation)
  const about = invitation === undefined ? {} : aboutIt(invitation)
  await keep(parts, { ...origin, caller }, 'invitation.redeem', refusedWith(refusal.code), about)
  return refusal
}
