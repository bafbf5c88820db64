import { bucketOf } from '../rules/limits.ts'
import type { LimiterEvents } from '../service/events.ts'
import type { RateLimiter } from '../service/ports.ts'
import { withFallback } from './fallback.ts'
import { createMemoryLimiter } from './memory.ts'
import { openRedisLimiter } from './redis.ts'

/**
 * Opens the limiter: in Redis where there is one, with the memory of this process as the insurance, or in memory alone.
 * @param redisUrl undefined for memory alone
 * @param nowMs a monotonic clock
 * @param commandTimeoutMs how long Redis may take to answer before it counts as unavailable
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
    events.onBackendChange(serving === 'first' ? 'redis' : 'memory'),
  )
  return { limiter: reportDecisions(limiter, events), close: () => redis.close() }
}

const reportDecisions = (limiter: RateLimiter, { onDecision }: Pick<LimiterEvents, 'onDecision'>): RateLimiter => ({
  async take(key, perMinute) {
    const take = await limiter.take(key, perMinute)
    onDecision(bucketOf(key), take.allowed)
    return take
  },
  async bannedMs(key) {
    const ms = await limiter.bannedMs(key)
    if (ms > 0) onDecision(bucketOf(key), false)
    return ms
  },
  async fail(key, perMinute) {
    const ms = await limiter.fail(key, perMinute)
    onDecision(bucketOf(key), ms === 0)
    return ms
  },
})
