import type { Origin } from '../contract/audit/audit-entry.ts'
import type { Refusal } from '../contract/problem.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { checkBan, countFailure } from './login-failures.ts'
import type { CallerDirectory, Clock, Ledger, RateLimiter } from './ports.ts'

export type AuthenticateDeps = {
  callers: CallerDirectory
  limiter: RateLimiter
  ledger: Ledger
  clock: Clock
}

/** A credential as presented, and its source. */
export type PresentedCredential = {
  /** The text after `Bearer`; undefined if the request has no credential, or more than one. */
  credential: string | undefined
  /** The network that failures are counted for: the IPv4 address, or the /64 network of an IPv6 address. */
  network: string
  /** The origin for the audit record. */
  origin: Origin
}

/**
 * Authenticates the caller of a request. A failure is recorded without the credential, and counts against the network.
 * @param failedPerMinute failures per minute that a network may have; above it, the network is banned for a time that grows
 * @returns the caller, or `unauthenticated`, `step-up-required`, or `rate-limited` for a banned network
 * @throws ServiceFault `record-unavailable`, `identity-provider-unavailable`
 */
export async function authenticateCaller(
  { callers, limiter, ledger, clock }: AuthenticateDeps,
  failedPerMinute: number,
  { credential, network, origin }: PresentedCredential,
): Promise<Caller | Refusal> {
  const ban = await checkBan({ limiter }, network)
  if (ban !== undefined) return ban
  const result: Caller | Refusal =
    credential === undefined ? { code: 'unauthenticated' } : await callers.authenticate(credential)
  if (!('code' in result)) return result
  await ledger.append({
    ...origin,
    time: clock(),
    caller: '-',
    action: 'caller.authenticate',
    outcome: 'refused',
    code: result.code,
  })
  return countFailure({ limiter }, network, failedPerMinute, result)
}
