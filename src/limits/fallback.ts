import type { RateLimiter } from '../service/ports.ts'

/** How long the fallback serves after a failure before the primary is tried again, in milliseconds. */
const RETRY_INTERVAL_MS = 1000

/**
 * Creates a limiter that counts in a fallback while the primary fails. Once a second, one call tries the primary again.
 * It never allows a request uncounted, and it never throws, provided that the fallback does not.
 * @param nowMs a monotonic clock, in milliseconds
 * @param onChange receives the limiter that counts from now on
 */
export function withFallback(
  primary: RateLimiter,
  fallback: RateLimiter,
  nowMs: () => number,
  onChange: (serving: 'primary' | 'fallback') => void,
): RateLimiter {
  let retryAtMs = 0
  let unavailable = false

  async function call<T>(count: (limiter: RateLimiter) => Promise<T>): Promise<T> {
    if (unavailable && nowMs() < retryAtMs) return count(fallback)
    // Only this call waits for the primary; the others use the fallback meanwhile.
    if (unavailable) retryAtMs = nowMs() + RETRY_INTERVAL_MS
    try {
      const result = await count(primary)
      if (unavailable) onChange('primary')
      unavailable = false
      return result
    } catch {
      retryAtMs = nowMs() + RETRY_INTERVAL_MS
      if (!unavailable) onChange('fallback')
      unavailable = true
      return count(fallback)
    }
  }

  return {
    take: (key, perMinute) => call((limiter) => limiter.take(key, perMinute)),
  }
}
