import { bucketOf } from '../rules/limits.ts'
import type { LimiterEvents } from '../service/events.ts'
import type { RateLimiter } from '../service/ports.ts'
import { withFallback } from './fallback.ts'
import { createMemoryLimiter } from './memory.ts'
import { openRedisLimiter } from './redis.ts'

/**
 * Opens the limiter. With a URL, it counts in Redis, with the memory of this process as the fallback.
 * @param redisUrl `redis://` or `rediss://`; undefined to count only in memory
 * @param nowMs a monotonic clock, in milliseconds
 * @param commandTimeoutMs how long Redis may take to answer before it counts as unavailable, in milliseconds; 100 by
 *   default
 */
export async function openLimiter(
  redisUrl: string | undefined,
  nowMs: () => number,
  events: LimiterEvents,
  commandTimeoutMs?: number,
): Promise<{ limiter: RateLimiter; close(): void }> {
  const memory = createMemoryLimiter(nowMs)
  if (redisUrl === undefined) return { limiter: reportDecisions(memory, events), close: () => undefined }
  const redis = openRedisLimiter(redisUrl, (error) => events.onRedisError(error), commandTimeoutMs)
  await redis.ready()
  const limiter = withFallback(redis, memory, nowMs, (serving) =>
    events.onBackendChange(serving === 'primary' ? 'redis' : 'memory'),
  )
  return { limiter: reportDecisions(limiter, events), close: () => redis.close() }
}

/** Wraps a limiter so that every decision is reported as an event. */
const reportDecisions = (limiter: RateLimiter, { onDecision }: Pick<LimiterEvents, 'onDecision'>): RateLimiter => ({
  async take(key, perMinute) {
    const take = await limiter.take(key, perMinute)
    onDecision(bucketOf(key), take.allowed)
    return take
  },
})
