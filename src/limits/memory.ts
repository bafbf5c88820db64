import { takeFromBucket } from '../rules/gcra.ts'
import type { RateLimiter } from '../service/ports.ts'

/** The maximum number of keys. */
const MAX_KEYS = 100_000

/**
 * Creates a limiter that counts in the memory of this process.
 * @param nowMs a monotonic clock, in milliseconds
 */
export function createMemoryLimiter(nowMs: () => number): RateLimiter {
  const buckets = createBoundedMap<number>()
  return {
    take(key, perMinute) {
      const { fullAtMs, ...result } = takeFromBucket(buckets.get(key), perMinute, nowMs())
      buckets.set(key, fullAtMs)
      return Promise.resolve(result)
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
