import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Refusal } from '../../contract/problem.ts'
import { nameInMeeting } from '../../rules/consultations/consultation.ts'
import { hashSecret } from '../../rules/secret.ts'
import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import type { Clock, FailureNetwork } from '../ports.ts'
import type { Requester } from '../requester.ts'
import { issueToken, type IssueTokenDeps } from '../tokens/issue-token.ts'
import type { BrowserSession, InvitationStore, Participant } from './ports.ts'
import { findSessionEnd, tokenCallerOf } from './sessions.ts'

/** A browser that presents a code, a cookie, or both. */
export type Browser = {
  /** The origin for the audit record. */
  origin: Origin
  /** The networks of the client that failures are counted for. */
  networks: readonly FailureNetwork[]
  /** The value of the cookie, if the browser has one. */
  secret: string | undefined
}

/** A browser that may request tokens for a consultation. */
export type BoundBrowser = {
  requester: Requester
  request: TokenRequest
  session: Pick<BrowserSession, 'consultationId' | 'callerId'>
  /** The value of the browser's cookie, and its lifetime in milliseconds. */
  secret: string
  lifetimeMs: number
}

/** What the lifetime of the cookie depends on. */
export type CookieDeps = {
  invitations: Pick<InvitationStore, 'findLastEnd'>
  policy: () => Policy
  clock: Clock
  /** How long the cookie lives after the last admission window of the browser closes. */
  cookieGraceMs: number
}

export type BoundBrowserDeps = IssueTokenDeps & CookieDeps & { invitations: InvitationStore }

/** @returns the lifetime of the cookie of a browser, in milliseconds */
export async function cookieLifetimeMs(
  { invitations, policy, clock, cookieGraceMs }: CookieDeps,
  secret: string,
): Promise<number> {
  const now = clock()
  const lastEnd = (await invitations.findLastEnd(hashSecret(secret))) ?? now
  return lastEnd + policy().window.graceMs + cookieGraceMs - now
}

/**
 * Builds the request that a bound browser may make.
 * @param room the room of the consultation
 * @param secret the value of the browser's cookie
 * @throws ServiceFault `record-unavailable`
 */
export async function toBoundBrowser(
  deps: CookieDeps,
  origin: Origin,
  session: Pick<BrowserSession, 'consultationId' | 'callerId' | 'role'>,
  { room, participant }: { room: string; participant: Participant & { name: string } },
  secret: string,
): Promise<BoundBrowser> {
  return {
    requester: { ...origin, caller: tokenCallerOf(session) },
    request: {
      roomId: room,
      userId: participant.userId,
      userName: nameInMeeting(participant) ?? participant.name,
    },
    session,
    secret,
    lifetimeMs: await cookieLifetimeMs(deps, secret),
  }
}

/**
 * Issues the token of a bound browser, or lets it wait.
 * @param isAborted whether the client closed the connection
 * @param network the quality of the network, for the meeting configuration
 * @returns what `issueToken` returns; or a refusal of `findSessionEnd`
 * @throws ServiceFault with the codes of `issueToken`
 */
export const enterAsBrowser = (
  deps: BoundBrowserDeps,
  { requester, request, session, secret }: BoundBrowser,
  isAborted: () => boolean,
  network?: Network,
): Promise<TokenAnswer | WaitingAnswer | Refusal> =>
  issueToken(deps, requester, request, {
    isAborted,
    network,
    findSessionEnd: () => findSessionEnd(deps, secret, session),
  })
