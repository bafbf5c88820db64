import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import { nameInMeeting } from '../../rules/consultations/consultation.ts'
import { closesAt } from '../../rules/policy/window.ts'
import type { Limits } from '../../rules/limits.ts'
import { DAY_MS } from '../../rules/time.ts'
import { callerOfInvitation, type Invitation, isLive } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import { checkChosenName, resolveInvitee } from '../../rules/invitations/redemption.ts'
import { refusalOutcome } from '../audit/record.ts'
import { takeInvitationLimit } from './redemption-limit.ts'
import { countFailure } from '../login-failures.ts'
import type { InvitationStore } from './ports.ts'
import { findSessionForCode } from './sessions.ts'
import { type Binding, INVALID_INVITATION, recordRefusedUse, useCode } from './use-code.ts'
import { type IssueTokenDeps, issueToken } from '../tokens/issue-token.ts'
import type { Requester } from '../requester.ts'
import type { FailureNetwork, FailureRecorder, NewId, NewSecret } from '../ports.ts'

export type RedeemInvitationDeps = Omit<IssueTokenDeps, 'limits' | 'metrics'> & {
  invitations: InvitationStore
  failures: FailureRecorder
  newId: NewId
  newSecret: NewSecret
  limits: Pick<Limits, 'perUser' | 'perRoom' | 'perInvitation' | 'failedLoginsPerMinute'>
  metrics: IssueTokenDeps['metrics'] & { countRedemption(outcome: 'new' | 'again' | 'refused'): void }
}

/** A browser that redeems an invitation. */
export type RedeemingBrowser = {
  /** The origin for the audit record. */
  origin: Origin
  /** The networks of the client that failures are counted for. */
  networks: readonly FailureNetwork[]
  /** The value of the cookie, if the browser has one. */
  secret: string | undefined
}

/** A browser that may request tokens by an invitation from now on. */
export type BoundBrowser = {
  requester: Requester
  request: TokenRequest
  /** The value of the browser's cookie, and its lifetime in milliseconds. */
  secret: string
  lifetimeMs: number
}

/** The cookie outlives the consultation by a day, because the consultation may be postponed. */
const COOKIE_GRACE_MS = DAY_MS

/**
 * Binds a browser to an invitation. A bound browser is recognized by its cookie and does not use the invitation up again. For
 * any other browser the use is recorded, then counted in the store, before the function returns. A use counts even when it is
 * too early to enter, so an invitation belongs to the first browser that opens it.
 * @param redemption a request that fits its schema
 * @returns the request that the browser may make, or a refusal, which is in the audit record by then: `invitation-invalid`,
 *   the same for every code that does not work; `rate-limited`, `invalid-request`, `not-a-participant`, `role-not-allowed`,
 *   `consultation-ended`, `consultation-cancelled`, `consultation-full`, `too-late`
 * @throws ServiceFault `record-unavailable`
 */
export async function bindBrowser(
  deps: RedeemInvitationDeps,
  browser: RedeemingBrowser,
  redemption: RedeemRequest,
): Promise<BoundBrowser | Refusal> {
  const bound = await bind(deps, browser, redemption)
  if ('code' in bound) deps.metrics.countRedemption('refused')
  else deps.metrics.countRedemption(bound.secret === browser.secret ? 'again' : 'new')
  return bound
}

/**
 * Issues the token of a bound browser, or lets it wait.
 * @param isAborted whether the client closed the connection
 * @throws ServiceFault with the codes of `issueToken`
 */
export const enterAsBrowser = (
  deps: RedeemInvitationDeps,
  { requester, request }: BoundBrowser,
  isAborted: () => boolean,
): Promise<TokenAnswer | WaitingAnswer | Refusal> => issueToken(deps, requester, request, isAborted)

async function bind(
  deps: RedeemInvitationDeps,
  browser: RedeemingBrowser,
  redemption: RedeemRequest,
): Promise<BoundBrowser | Refusal> {
  const { limits, invitations } = deps
  const { origin } = browser
  const codeHash = hashSecret(redemption.code)
  const session = await findSessionForCode(deps, browser.secret, codeHash)
  const limited = await takeInvitationLimit(deps, session?.sessionHash ?? codeHash)
  if (limited !== undefined) return recordRefused(deps, browser, limited, session?.invitation)
  const invitation = session?.invitation ?? (await invitations.findByCode(codeHash))
  if (invitation === undefined) {
    await recordRefused(deps, browser, INVALID_INVITATION)
    return (
      (await countFailure(deps, limits.failedLoginsPerMinute, browser.networks, redemption.code)) ?? INVALID_INVITATION
    )
  }
  if (session === undefined && !isLive(invitation, deps.clock()))
    return recordRefused(deps, browser, INVALID_INVITATION, invitation)
  const consultation = await deps.consultations.findById(invitation.consultationId)
  if (consultation === undefined) return recordRefused(deps, browser, INVALID_INVITATION, invitation)
  const bound = session === undefined ? { guestId: `guest-${deps.newId()}` } : { userId: session.userId }
  const invitee = resolveInvitee(deps.policy(), invitation, consultation, redemption, bound, deps.clock())
  if ('code' in invitee) return recordRefused(deps, browser, invitee, invitation)
  const binding = { invitation, consultation, invitee }
  const refused = invitee.choosesName ? await checkName(deps, binding) : undefined
  if (refused !== undefined) return recordRefused(deps, browser, refused, invitation)
  if (session !== undefined && browser.secret !== undefined)
    return toBoundBrowser(deps, browser, binding, browser.secret)
  const used = await useCode(deps, origin, binding, codeHash)
  return 'code' in used ? used : toBoundBrowser(deps, browser, binding, used.secret)
}

/** Checks the name that the browser's user chose. */
const checkName = async (
  { invitations }: Pick<RedeemInvitationDeps, 'invitations'>,
  { invitee, consultation }: Binding,
): Promise<Refusal | undefined> => checkChosenName(invitee, consultation, await invitations.list(consultation.id))

/** @param secret the value of the browser's cookie */
function toBoundBrowser(
  { policy, clock }: RedeemInvitationDeps,
  { origin }: RedeemingBrowser,
  { invitation, consultation, invitee }: Binding,
  secret: string,
): BoundBrowser {
  const { participant } = invitee
  return {
    requester: { ...origin, caller: callerOfInvitation(invitation) },
    request: {
      roomId: consultation.room,
      userId: participant.userId,
      userName: nameInMeeting(participant) ?? participant.name,
    },
    secret,
    lifetimeMs: closesAt(consultation, policy().window) - clock() + COOKIE_GRACE_MS,
  }
}

/** @param invitation undefined if no invitation has the code */
async function recordRefused(
  deps: RedeemInvitationDeps,
  { origin, networks }: RedeemingBrowser,
  refusal: Refusal,
  invitation?: Invitation,
): Promise<Refusal> {
  if (invitation !== undefined) return recordRefusedUse(deps, origin, refusal, invitation)
  const outcome = refusalOutcome(refusal.code)
  const entry = { ...origin, time: deps.clock(), caller: '-', action: 'invitation.redeem', ...outcome } as const
  await deps.failures.record(entry, networks)
  return refusal
}
