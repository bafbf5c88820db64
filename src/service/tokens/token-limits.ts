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
 * Counts a token against its user and its room. Only what is granted counts: nobody can shut a room for others by requester
 * for it in vain. A signed-in user was counted already, when the request came.
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

/** The bucket of an end user; callers do not share it, for each has user ids of its own. */
export const userBucketKey = (caller: Caller, userId: string): BucketKey => `user:${caller.id}:${userId}`
