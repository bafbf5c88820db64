import { Redis } from 'ioredis'
import { WINDOW_MS } from '../rules/gcra.ts'
import type { RateLimiter } from '../service/ports.ts'

/** How long Redis may take to answer, in milliseconds; then it counts as unavailable. */
const COMMAND_TIMEOUT_MS = 100

/** How long a connection may take to open, and how long the start of the service waits for it, in milliseconds. */
const CONNECT_TIMEOUT_MS = 500

// The script uses the time of the Redis server, so the clocks of replicas do not matter. Times are whole microseconds, which
// the doubles of Lua represent exactly. The arithmetic is the same as in rules/gcra.ts; one test suite checks both.
const TAKE = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local window = ${WINDOW_MS * 1000}
local step = window / tonumber(ARGV[1])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.min(math.max(full, now), now + window)
local next = full + step
local over = next - now - window - 0.5
if over > 0 then return {0, 0, tostring(full - now), tostring(over)} end
redis.call('SET', KEYS[1], string.format('%.3f', next), 'PX', math.ceil((next - now) / 1000))
return {1, math.floor((window - (next - now)) / step + 1e-6), tostring(next - now), '0'}
`

/**
 * Opens a limiter that counts in Redis, so that replicas share one limit. Every call throws an error if Redis is
 * unavailable or slower than the timeout.
 * @param url `redis://` or `rediss://`
 * @param onError receives connection errors; without it, ioredis would print them
 * @param commandTimeoutMs how long Redis may take to answer, in milliseconds
 * @returns the limiter; `ready` resolves when it is connected, or after half a second, and never rejects
 */
export function openRedisLimiter(
  url: string,
  onError: (error: Error) => void,
  commandTimeoutMs: number = COMMAND_TIMEOUT_MS,
): RateLimiter & { ready(): Promise<void>; close(): void } {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(times * 100, 1000),
    keyPrefix: 'jts:',
    scripts: { take: { lua: TAKE, numberOfKeys: 1 } },
  }) as Redis & Scripts
  redis.on('error', onError)
  return {
    async take(key, perMinute) {
      const [allowed, remaining, resetUs, overUs] = await redis.take(`{${key}}`, perMinute)
      return {
        allowed: allowed === 1,
        remaining,
        resetMs: Number(resetUs) / 1000,
        retryAfterMs: Number(overUs) / 1000,
      }
    },
    ready: () =>
      new Promise((resolve) => {
        if (redis.status === 'ready') return resolve()
        redis.once('ready', resolve)
        setTimeout(resolve, CONNECT_TIMEOUT_MS)
      }),
    close: () => redis.disconnect(),
  }
}

type Scripts = {
  take(key: string, perMinute: number): Promise<[allowed: number, remaining: number, resetUs: string, overUs: string]>
}

/**
 * Finds out whether Redis answers.
 * @param timeoutMs how long the connection and the answer may take, each
 * @throws the error of the connection
 */
export async function pingRedis(url: string, timeoutMs: number): Promise<void> {
  const redis = new Redis(url, {
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  const failed = new Promise<never>((_, reject) => redis.on('error', reject))
  try {
    await Promise.race([failed, redis.connect().then(() => redis.ping())])
  } finally {
    redis.disconnect()
  }
}
