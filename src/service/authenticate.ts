import type { Origin } from '../contract/audit/audit-entry.ts'
import type { Refusal } from '../contract/problem.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { checkBan, countFailure } from './login-failures.ts'
import type { CallerDirectory, Clock, RateLimiter } from './ports.ts'
import type { Ledger } from './ports.ts'

/** What finding out who asks needs. */
export type AuthenticateDeps = {
  callers: CallerDirectory
  limiter: RateLimiter
  ledger: Ledger
  clock: Clock
}

/** A credential as it was presented, and where it came from. */
export type PresentedCredential = {
  /** What stands after `Bearer`; undefined where there is none, or no single one. */
  credential: string | undefined
  /** Where it came from as it is counted: the address, IPv6 by its network of 64 bits. */
  network: string
  /** Where it came from as it is recorded. */
  origin: Origin
}

/**
 * Finds out who asks. Each failure is recorded, without the credential, and counts against the address.
 * @param failedPerMinute failures that an address may have; past it, it is banned for a while that grows
 * @returns the caller, or `unauthenticated`, `step-up-required`, or `rate-limited` for an address that is banned
 * @throws ServiceFault `record-unavailable`, `identity-provider-unavailable`
 */
export async function authenticateCaller(
  { callers, limiter, ledger, clock }: AuthenticateDeps,
  failedPerMinute: number,
  { credential, network, origin }: PresentedCredential,
): Promise<Caller | Refusal> {
  const banned = await checkBan({ limiter }, network)
  if (banned !== undefined) return banned
  const found: Caller | Refusal =
    credential === undefined ? { code: 'unauthenticated' } : await callers.authenticate(credential)
  if (!('code' in found)) return found
  await ledger.append({
    ...origin,
    time: clock(),
    caller: '-',
    action: 'caller.authenticate',
    outcome: 'refused',
    code: found.code,
  })
  return countFailure({ limiter }, network, failedPerMinute, found)
}
