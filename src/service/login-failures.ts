import type { Refusal } from '../contract/problem.ts'
import type { BucketKey } from '../rules/limits.ts'
import type { RateLimiter } from './ports.ts'

type LoginFailureDeps = { limiter: Pick<RateLimiter, 'bannedMs' | 'fail'> }

const keyOf = (network: string): BucketKey => `failed:${network}`

/**
 * Checks whether a network is banned because of failed logins.
 * @param network an IPv4 address, or the /64 network of an IPv6 address
 * @returns `rate-limited` while the network is banned
 */
export const checkBan = async ({ limiter }: LoginFailureDeps, network: string): Promise<Refusal | undefined> =>
  rateLimitRefusal(await limiter.bannedMs(keyOf(network)))

/**
 * Counts a failed login against a network.
 * @param perMinute failures per minute that a network may have; above it, the network is banned for a time that grows
 * @param refusal why the login failed
 * @returns that refusal, or `rate-limited` if the failure causes a ban
 */
export const countFailure = async (
  { limiter }: LoginFailureDeps,
  network: string,
  perMinute: number,
  refusal: Refusal,
): Promise<Refusal> => rateLimitRefusal(await limiter.fail(keyOf(network), perMinute)) ?? refusal

const rateLimitRefusal = (bannedMs: number): Refusal | undefined =>
  bannedMs > 0 ? { code: 'rate-limited', retryAfterMs: bannedMs } : undefined
