import type { Origin } from '../contract/audit/audit-entry.ts'
import type { Refusal } from '../contract/problem.ts'
import type { RejectionReason } from '../contract/rejection-reason.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { countFailure } from './login-failures.ts'
import type { CallerDirectory, Clock, FailureNetwork, FailureRecorder, RateLimiter, Rejection } from './ports.ts'

export type AuthenticateDeps = {
  callers: CallerDirectory
  limiter: RateLimiter
  failures: FailureRecorder
  clock: Clock
}

/** A credential as presented, and its source. */
export type PresentedCredential = {
  /** The text after `Bearer`; undefined if the request has no credential, or more than one. */
  credential: string | undefined
  /** The networks of the client that failures are counted for. */
  networks: readonly FailureNetwork[]
  /** The origin for the audit record. */
  origin: Origin
}

/** The refusal of a request that has no valid credential, and the reason for the log. */
export type FailedLogin = Refusal & { reason: RejectionReason }

/**
 * The reasons of credentials that may be guesses. A credential that the service or an issuer once issued is not a guess, nor
 * is a request without one; such requests count only against the limit per address.
 */
const GUESSES: ReadonlySet<RejectionReason> = new Set([
  'malformed',
  'api-key',
  'iss',
  'alg',
  'unknown-key',
  'signature',
])

/**
 * Authenticates the caller of a request. A failure is recorded without the credential. Guesses count as failed logins, whose
 * limit applies to failing requests only: a valid credential is never refused because of failures before it.
 * @param failedPerMinute failed logins per minute of a network, and of a credential
 * @returns the caller; or `unauthenticated`, `step-up-required`, or `rate-limited` for a guess above the limit
 * @throws ServiceFault `record-unavailable`, `identity-provider-unavailable`
 */
export async function authenticateCaller(
  { callers, limiter, failures, clock }: AuthenticateDeps,
  failedPerMinute: number,
  { credential, networks, origin }: PresentedCredential,
): Promise<Caller | FailedLogin> {
  const result: Caller | Rejection =
    credential === undefined ? { code: 'unauthenticated', reason: 'none' } : await callers.authenticate(credential)
  if (!('code' in result)) return result
  const { code } = result
  const failure = { ...origin, time: clock(), caller: '-', action: 'caller.authenticate', outcome: 'refused' } as const
  await failures.record({ ...failure, code }, networks)
  if (credential === undefined || !GUESSES.has(result.reason)) return result
  const limited = await countFailure({ limiter }, failedPerMinute, networks, credential)
  return limited === undefined ? result : { ...limited, reason: result.reason }
}
