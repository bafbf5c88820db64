import type { Refusal } from '../../contract/problem.ts'
import type { BucketName } from '../../contract/bucket-name.ts'
import type { BucketKey, Limits } from '../../rules/limits.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { Grant } from '../../rules/tokens/evaluate.ts'
import type { RateLimiter } from '../ports.ts'

/** Tokens per minute. */
export type TokenLimits = Pick<Limits, 'perUser' | 'perRoom'>

type TokenLimitDeps = { limiter: RateLimiter; limits: TokenLimits }

/**
 * Counts a granted token against the limits of its user and its room. Refused requests do not count, so that they cannot
 * exhaust the limit of a room. A signed-in user is counted when the request arrives.
 * @returns undefined, or `rate-limited`
 */
export async function takeTokenLimits(
  { limiter, limits }: TokenLimitDeps,
  caller: Caller,
  grant: Grant,
): Promise<Refusal | undefined> {
  const buckets: { name: BucketName; key: BucketKey; perMinute: number }[] = [
    { name: 'user', key: userBucketKey(caller, grant.user.id), perMinute: limits.perUser },
    { name: 'room', key: `room:${grant.room}`, perMinute: limits.perRoom },
  ]
  for (const { name, key, perMinute } of caller.user === undefined ? buckets : buckets.slice(1)) {
    const { allowed, retryAfterMs } = await limiter.take(key, perMinute)
    if (!allowed) return { code: 'rate-limited', retryAfterMs, limit: { name, perMinute } }
  }
  return undefined
}

/** @returns the bucket key of a user. User ids belong to a caller, so callers do not share buckets. */
export const userBucketKey = (caller: Caller, userId: string): BucketKey => `user:${caller.id}:${userId}`
