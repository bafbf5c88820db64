import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BucketName } from '../../contract/bucket-name.ts'
import { networkOf } from '../../rules/client-network.ts'
import { WINDOW_MS } from '../../rules/gcra.ts'
import type { BucketKey, Limits } from '../../rules/limits.ts'
import { userBucketKey } from '../../service/tokens/token-limits.ts'
import type { RateLimiter } from '../../service/ports.ts'
import type { App } from './app-type.ts'
import { callerOfRequest } from './authenticate.ts'
import { HttpProblem } from './problems.ts'

/** The limits that are counted per request; the others are counted per token, redemption or failed login. */
type RequestLimits = Pick<Limits, 'perAddress' | 'keysPerAddress' | 'perCaller' | 'perUser'>

type CountRequest = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/**
 * Counts every request against its client address, requests for unknown paths and with wrong methods included.
 * @param limits requests per minute
 * @returns the hook that counts a request against its caller, or against the signed-in user; it runs after
 *   `authenticate`
 */
export async function addRateLimits(app: App, limiter: RateLimiter, limits: RequestLimits): Promise<CountRequest> {
  await app.register(rateLimit, { global: false, store: storeOf(limiter) })
  const countAddress = createCounter(
    app,
    'address',
    () => limits.perAddress,
    (request) => `address:${networkOf(request.clientAddress)}`,
  )
  const countKeys = createCounter(
    app,
    'keys',
    () => limits.keysPerAddress,
    (request) => `keys:${networkOf(request.clientAddress)}`,
  )
  const countCaller = createCounter(
    app,
    'caller',
    (request) => Math.min(limits.perCaller, callerOfRequest(request).ratePerMinute ?? Infinity),
    (request) => `caller:${callerOfRequest(request).id}`,
  )
  const countUser = createCounter(
    app,
    'user',
    () => limits.perUser,
    (request) => {
      const caller = callerOfRequest(request)
      return userBucketKey(caller, caller.user?.id ?? '')
    },
  )
  app.addHook('onRequest', async (request, reply) => {
    const { bucket } = request.routeOptions.config
    if (bucket === 'keys') await countKeys(request, reply)
    else if (bucket === undefined) await countAddress(request, reply)
  })
  return (request, reply) =>
    callerOfRequest(request).user === undefined ? countCaller(request, reply) : countUser(request, reply)
}

/**
 * Creates a hook that counts a request and sets the headers of its limit.
 * @param perMinute the limit of a request, at least 1
 * @param keyOf the bucket of a request
 * @returns the hook, which throws HttpProblem `rate-limited`
 */
function createCounter(
  app: App,
  name: BucketName,
  perMinute: (request: FastifyRequest) => number,
  keyOf: (request: FastifyRequest) => BucketKey,
): CountRequest {
  const take = app.createRateLimit({ max: perMinute, keyGenerator: keyOf })
  return async (request, reply) => {
    const state = await take(request)
    if (state.isAllowed) return
    setLimitHeaders(reply, { name, perMinute: state.max }, state.remaining, state.ttl)
    if (state.isExceeded) throw new HttpProblem({ code: 'rate-limited', retryAfterMs: state.ttl })
  }
}

/**
 * Adds one limit to the headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11); limits
 * that were set before remain.
 * @param remaining requests that pass at once
 * @param resetMs milliseconds until the bucket is full again
 */
export function setLimitHeaders(
  reply: FastifyReply,
  { name, perMinute }: { name: BucketName; perMinute: number },
  remaining: number,
  resetMs: number,
): void {
  const append = (header: string, value: string) => {
    const current = reply.getHeader(header)
    reply.header(header, typeof current === 'string' ? `${current}, ${value}` : value)
  }
  append('ratelimit-policy', `"${name}";q=${perMinute};w=${WINDOW_MS / 1000}`)
  append('ratelimit', `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`)
}

/** Wraps the limiter as a store of @fastify/rate-limit, for which a count above the maximum is a refusal. */
function storeOf(limiter: RateLimiter): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr(key: string, callback: CountCallback, _windowMs: number, max: number) {
      // Every key comes from a `keyGenerator` above.
      void takeFrom(limiter, key as BucketKey, max, callback)
    }
    child() {
      return this
    }
  }
}

type CountCallback = (error: Error | null, result?: { current: number; ttl: number }) => void

async function takeFrom(limiter: RateLimiter, key: BucketKey, max: number, callback: CountCallback): Promise<void> {
  const { allowed, remaining, resetMs, retryAfterMs } = await limiter.take(key, max)
  callback(null, { current: allowed ? max - remaining : max + 1, ttl: allowed ? resetMs : retryAfterMs })
}
