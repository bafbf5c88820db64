import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Refusal } from '../../contract/problem.ts'
import { nameInMeeting } from '../../rules/consultations/consultation.ts'
import { hashSecret } from '../../rules/secret.ts'
import type { FailureNetwork } from '../ports.ts'
import type { Requester } from '../requester.ts'
import { issueToken, type IssueTokenDeps } from '../tokens/issue-token.ts'
import type { BrowserSession, InvitationStore, Participant } from './ports.ts'
import { findSessionEnd, SESSION_GRACE_MS, tokenCallerOf } from './sessions.ts'

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

export type BoundBrowserDeps = IssueTokenDeps & { invitations: InvitationStore }

/**
 * Builds the request that a bound browser may make.
 * @param room the room of the consultation
 * @param secret the value of the browser's cookie
 * @throws ServiceFault `record-unavailable`
 */
export async function toBoundBrowser(
  { invitations, policy, clock }: Pick<BoundBrowserDeps, 'invitations' | 'policy' | 'clock'>,
  origin: Origin,
  session: Pick<BrowserSession, 'consultationId' | 'callerId' | 'role'>,
  { room, participant }: { room: string; participant: Participant & { name: string } },
  secret: string,
): Promise<BoundBrowser> {
  const now = clock()
  const lastEnd = (await invitations.findLastEnd(hashSecret(secret))) ?? now
  return {
    requester: { ...origin, caller: tokenCallerOf(session) },
    request: {
      roomId: room,
      userId: participant.userId,
      userName: nameInMeeting(participant) ?? participant.name,
    },
    session,
    secret,
    lifetimeMs: lastEnd + policy().window.graceMs + SESSION_GRACE_MS - now,
  }
}

/**
 * Issues the token of a bound browser, or lets it wait.
 * @param isAborted whether the client closed the connection
 * @returns what `issueToken` returns; or a refusal of `findSessionEnd`
 * @throws ServiceFault with the codes of `issueToken`
 */
export const enterAsBrowser = (
  deps: BoundBrowserDeps,
  { requester, request, session, secret }: BoundBrowser,
  isAborted: () => boolean,
): Promise<TokenAnswer | WaitingAnswer | Refusal> =>
  issueToken(deps, requester, request, { isAborted, findSessionEnd: () => findSessionEnd(deps, secret, session) })
