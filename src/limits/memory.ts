import { banDurationMs, STRIKES_RETAINED_MS, takeFromBucket } from '../rules/gcra.ts'
import type { RateLimiter } from '../service/ports.ts'

/** Keys held at once; past it the one that was touched longest ago is forgotten. */
const MAX_KEYS = 100_000

type Strikes = { count: number; untilMs: number; atMs: number }

/**
 * Counts in the memory of this process.
 * @param nowMs a clock that never goes back
 */
export function createMemoryLimiter(nowMs: () => number): RateLimiter {
  const buckets = currentStrikes<number>()
  const strikes = currentStrikes<Strikes>()
  const bannedMs = (key: string): number => Math.max(0, (strikes.get(key)?.untilMs ?? 0) - nowMs())
  return {
    take(key, perMinute) {
      const { fullAtMs, ...outcome } = takeFromBucket(buckets.get(key), perMinute, nowMs())
      buckets.set(key, fullAtMs)
      return Promise.resolve(outcome)
    },
    bannedMs: (key) => Promise.resolve(bannedMs(key)),
    fail(key, perMinute) {
      const now = nowMs()
      const { fullAtMs, allowed } = takeFromBucket(buckets.get(key), perMinute, now)
      buckets.set(key, fullAtMs)
      if (allowed || bannedMs(key) > 0) return Promise.resolve(bannedMs(key))
      const before = strikes.get(key)
      const count = (before !== undefined && now - before.atMs < STRIKES_RETAINED_MS ? before.count : 0) + 1
      strikes.set(key, { count, untilMs: now + banDurationMs(count), atMs: now })
      return Promise.resolve(banDurationMs(count))
    },
  }
}

/**
 * A map that forgets what was set longest ago. Order is kept once it is half full, for that costs as much as all else: what
 * is forgotten was set before as many others as half of it.
 */
function currentStrikes<T>(): Pick<Map<string, T>, 'get' | 'set'> {
  const entries = new Map<string, T>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      if (entries.size >= MAX_KEYS / 2) entries.delete(key)
      const [oldest] = entries.size >= MAX_KEYS ? entries.keys() : []
      if (oldest !== undefined) entries.delete(oldest)
      return entries.set(key, value)
    },
  }
}
