import type { RateLimiter } from '../service/ports.ts'

/** How long the insurance serves after a failure before the first choice is tried again, in milliseconds. */
const PAUSE_MS = 1000

/**
 * A limiter that goes on counting when its first choice is away: the insurance serves, and once a second one call tries the
 * first choice again. It never lets all through, and never throws.
 * @param onChange is told whenever the other one begins to serve
 */
export function withFallback(
  first: RateLimiter,
  insurance: RateLimiter,
  nowMs: () => number,
  onChange: (serving: 'first' | 'insurance') => void,
): RateLimiter {
  let retryAtMs = 0
  let away = false

  async function ask<T>(call: (limiter: RateLimiter) => Promise<T>): Promise<T> {
    if (away && nowMs() < retryAtMs) return call(insurance)
    // Whoever tries pays the time limit alone; the others go to the insurance meanwhile.
    if (away) retryAtMs = nowMs() + PAUSE_MS
    try {
      const outcome = await call(first)
      if (away) onChange('first')
      away = false
      return outcome
    } catch {
      retryAtMs = nowMs() + PAUSE_MS
      if (!away) onChange('insurance')
      away = true
      return call(insurance)
    }
  }

  return {
    take: (key, perMinute) => ask((limiter) => limiter.take(key, perMinute)),
    bannedMs: (key) => ask((limiter) => limiter.bannedMs(key)),
    fail: (key, perMinute) => ask((limiter) => limiter.fail(key, perMinute)),
  }
}
