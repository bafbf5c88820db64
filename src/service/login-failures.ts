import type { Refusal } from '../contract/problem.ts'
import type { BucketKey } from '../rules/limits.ts'
import type { RateLimiter } from './ports.ts'

type LoginFailureDeps = { limiter: Pick<RateLimiter, 'bannedMs' | 'fail'> }

const keyOf = (network: string): BucketKey => `failed:${network}`

/**
 * Looks whether an address presented too much in vain.
 * @param network the address as it is counted, IPv6 by its network of 64 bits
 * @returns `rate-limited` while it is banned
 */
export const checkBan = async ({ limiter }: LoginFailureDeps, network: string): Promise<Refusal | undefined> =>
  rateLimitRefusal(await limiter.bannedMs(keyOf(network)))

/**
 * Counts what an address presented in vain.
 * @param perMinute failures that an address may have; past it, it is banned for a while that grows
 * @param refusal what it is refused with
 * @returns that refusal, or `rate-limited` where it is banned from now on
 */
export const countFailure = async (
  { limiter }: LoginFailureDeps,
  network: string,
  perMinute: number,
  refusal: Refusal,
): Promise<Refusal> => rateLimitRefusal(await limiter.fail(keyOf(network), perMinute)) ?? refusal

const rateLimitRefusal = (bannedMs: number): Refusal | undefined =>
  bannedMs > 0 ? { code: 'rate-limited', retryAfterMs: bannedMs } : undefined
