import type { FastifyReply, FastifyRequest } from 'fastify'
import { WINDOW_MS } from '../rules/gcra.ts'
import { userKey } from '../service/issue-token.ts'
import type { RateLimiter } from '../service/ports.ts'
import { networkOf } from './address.ts'
import type { App } from './app-type.ts'
import { callerOfRequest } from './caller.ts'
import { HttpProblem } from './problems.ts'

/** Requests a minute. */
export type Limits = { perAddress: number; keysPerAddress: number; perCaller: number; perUser: number }

/** One kind of limit: whom it counts, and how many a minute that one may ask. */
type Limit = {
  name: string
  keyOf: (request: FastifyRequest) => string
  perMinuteOf: (request: FastifyRequest) => number
}

/**
 * Counts every request by its address, unknown paths and wrong methods among them.
 * @returns the hook that counts by caller, or by user where one signed in; it belongs behind `authenticate`
 */
export function limit(app: App, limiter: RateLimiter, limits: Limits) {
  const byAddress: Limit = {
    name: 'address',
    keyOf: (request) => `address:${networkOf(request.ip)}`,
    perMinuteOf: () => limits.perAddress,
  }
  const forKeys: Limit = {
    name: 'keys',
    keyOf: (request) => `keys:${networkOf(request.ip)}`,
    perMinuteOf: () => limits.keysPerAddress,
  }
  const byCaller: Limit = {
    name: 'caller',
    keyOf: (request) => `caller:${callerOfRequest(request).id}`,
    perMinuteOf: (request) => Math.min(limits.perCaller, callerOfRequest(request).ratePerMinute ?? Infinity),
  }
  const byUser: Limit = {
    name: 'user',
    keyOf: (request) => userKey(callerOfRequest(request), callerOfRequest(request).user?.id ?? ''),
    perMinuteOf: () => limits.perUser,
  }
  app.addHook('onRequest', async (request, reply) => {
    const { bucket } = request.routeOptions.config
    if (bucket !== 'none') await count(limiter, bucket === 'keys' ? forKeys : byAddress, request, reply)
  })
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    count(limiter, callerOfRequest(request).user === undefined ? byCaller : byUser, request, reply)
}

/** @throws HttpProblem `rate-limited` */
async function count(
  limiter: RateLimiter,
  { name, keyOf, perMinuteOf }: Limit,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const perMinute = perMinuteOf(request)
  const { allowed, remaining, resetMs, retryAfterMs } = await limiter.take(keyOf(request), perMinute)
  tellLimit(reply, { name, perMinute }, remaining, allowed ? resetMs : retryAfterMs)
  if (!allowed) throw new HttpProblem({ code: 'rate-limited', retryAfterMs })
}

/**
 * Tells a limit in the words of draft-ietf-httpapi-ratelimit-headers-11, beside those that were told before.
 * @param resetMs when the bucket is full again: within that time at least `remaining` may be asked for
 */
export function tellLimit(
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
