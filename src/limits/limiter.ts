import type { RateLimiter } from '../service/ports.ts'
import { insured } from './insured.ts'
import { memoryLimiter } from './memory.ts'
import { redisLimiter } from './redis.ts'

/** Is told which store counts, whenever that changes, and why Redis could not be reached. */
export type LimiterEvents = {
  served(by: 'redis' | 'memory'): void
  redisFailed(error: Error): void
}

/**
 * Opens the limiter: in Redis where there is one, with the memory of this process as the insurance, or in memory alone.
 * @param redisUrl undefined for memory alone
 * @param nowMs a clock that never goes back
 */
export async function openLimiter(
  redisUrl: string | undefined,
  nowMs: () => number,
  events: LimiterEvents,
): Promise<{ limiter: RateLimiter; close(): void }> {
  const memory = memoryLimiter(nowMs)
  if (redisUrl === undefined) return { limiter: memory, close: () => undefined }
  const redis = redisLimiter(redisUrl, (error) => events.redisFailed(error))
  await redis.ready()
  const limiter = insured(redis, memory, nowMs, (serving) => events.served(serving === 'first' ? 'redis' : 'memory'))
  return { limiter, close: () => redis.close() }
}
