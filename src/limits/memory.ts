import { banDurationMs, STRIKES_RETAINED_MS, takeFromBucket } from '../rules/gcra.ts'
import type { RateLimiter } from '../service/ports.ts'

/** The most keys that each map stores. */
const MAX_KEYS = 100_000

/** The bans of a key: their number, the end of the last one, and its start, in milliseconds of the clock. */
type Strikes = { count: number; untilMs: number; atMs: number }

/**
 * Creates a limiter that counts in the memory of this process.
 * @param nowMs a monotonic clock, in milliseconds
 */
export function createMemoryLimiter(nowMs: () => number): RateLimiter {
  const buckets = createBoundedMap<number>()
  const strikes = createBoundedMap<Strikes>()
  const bannedMs = (key: string): number => Math.max(0, (strikes.get(key)?.untilMs ?? 0) - nowMs())
  return {
    take(key, perMinute) {
      const { fullAtMs, ...result } = takeFromBucket(buckets.get(key), perMinute, nowMs())
      buckets.set(key, fullAtMs)
      return Promise.resolve(result)
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
 * Creates a map of at most `MAX_KEYS` entries, which evicts an old entry for a new one. It tracks the order of writes
 * only from half of its size on, because that about doubles the cost of a write. An evicted entry is therefore older
 * than at least `MAX_KEYS / 2` others, but not always the oldest.
 */
function createBoundedMap<T>(): Pick<Map<string, T>, 'get' | 'set'> {
  const entries = new Map<string, T>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      // Deleting the key first moves it to the end of the insertion order.
      if (entries.size >= MAX_KEYS / 2) entries.delete(key)
      const [oldest] = entries.size >= MAX_KEYS ? entries.keys() : []
      if (oldest !== undefined) entries.delete(oldest)
      return entries.set(key, value)
    },
  }
}
