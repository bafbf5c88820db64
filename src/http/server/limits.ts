import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { WINDOW_MS } from '../../rules/gcra.ts'
import { userBucketKey } from '../../service/tokens/token-limits.ts'
import type { RateLimiter } from '../../service/ports.ts'
import { networkOf } from './client-address.ts'
import type { App } from './app-type.ts'
import { callerOfRequest } from './authenticate.ts'
import { HttpProblem } from './problems.ts'

/** Requests a minute. */
export type Limits = { perAddress: number; keysPerAddress: number; perCaller: number; perUser: number }

type Limiter = ReturnType<App['createRateLimit']>

/**
 * Counts every request by its address, unknown paths and wrong methods among them.
 * @returns the hook that counts by caller, or by user where one signed in; it belongs behind `authenticate`
 */
export async function addRateLimits(app: App, limiter: RateLimiter, limits: Limits) {
  await app.register(rateLimit, { global: false, store: storeOf(limiter) })
  const byAddress = app.createRateLimit({
    max: limits.perAddress,
    keyGenerator: (request) => `address:${networkOf(request.ip)}`,
  })
  const byCaller = app.createRateLimit({
    max: (request) => Math.min(limits.perCaller, callerOfRequest(request).ratePerMinute ?? Infinity),
    keyGenerator: (request) => `caller:${callerOfRequest(request).id}`,
  })
  const byUser = app.createRateLimit({
    max: limits.perUser,
    keyGenerator: (request) => {
      const caller = callerOfRequest(request)
      return userBucketKey(caller, caller.user?.id ?? '')
    },
  })
  const forKeys = app.createRateLimit({
    max: limits.keysPerAddress,
    keyGenerator: (request) => `keys:${networkOf(request.ip)}`,
  })
  app.addHook('onRequest', async (request, reply) => {
    const { bucket } = request.routeOptions.config
    if (bucket === 'keys') await count('keys', forKeys, request, reply)
    else if (bucket === undefined) await count('address', byAddress, request, reply)
  })
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    callerOfRequest(request).user === undefined
      ? count('caller', byCaller, request, reply)
      : count('user', byUser, request, reply)
}

async function count(name: string, limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const state = await limiter(request)
  if (state.isAllowed) return
  const policy = { name, perMinute: state.max }
  setLimitHeaders(reply, policy, state.remaining, state.ttl)
  if (state.isExceeded) throw new HttpProblem({ code: 'rate-limited', retryAfterMs: state.ttl })
}

/**
 * Tells a limit in the words of draft-ietf-httpapi-ratelimit-headers-11, beside those that were told before.
 * @param resetMs when the bucket is full again: within that time at least `remaining` may be asked for
 */
export function setLimitHeaders(
  reply: FastifyReply,
  { name, perMinute }: { name: string; perMinute: number },
  remaining: number,
  resetMs: number,
): void {
  const also = (header: string) => {
    const before = reply.getHeader(header)
    return typeof before === 'string' ? `${before}, ` : ''
  }
  const seconds = Math.ceil(resetMs / 1000)
  reply.header('ratelimit-policy', `${also('ratelimit-policy')}"${name}";q=${perMinute};w=${WINDOW_MS / 1000}`)
  reply.header('ratelimit', `${also('ratelimit')}"${name}";r=${remaining};t=${seconds}`)
}

/** The limiter in the shape that @fastify/rate-limit expects: more than the maximum stands for a refusal. */
function storeOf(limiter: RateLimiter): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr(key: string, callback: Counted, _windowMs: number, max: number) {
      void takeFor(limiter, key, max, callback)
    }
    child() {
      return this
    }
  }
}

type Counted = (error: Error | null, result?: { current: number; ttl: number }) => void

async function takeFor(limiter: RateLimiter, key: string, max: number, callback: Counted): Promise<void> {
  const { allowed, remaining, resetMs, retryAfterMs } = await limiter.take(key, max)
  callback(null, { current: allowed ? max - remaining : max + 1, ttl: allowed ? resetMs : retryAfterMs })
}
