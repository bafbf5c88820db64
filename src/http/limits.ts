import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app-type.ts'
import { callerOfRequest } from './caller.ts'
import { HttpProblem } from './problems.ts'

/** Requests a minute. */
export type Limits = { perAddress: number; perCaller: number }

const MINUTE_MS = 60_000

type Limiter = ReturnType<App['createRateLimit']>

/**
 * Counts every request by its address, unknown paths and failed logins among them.
 * @returns the hook that counts by caller; it belongs behind `authenticate`
 */
export async function limit(app: App, { perAddress, perCaller }: Limits) {
  await app.register(rateLimit, { global: false })
  const byAddress = app.createRateLimit({ max: perAddress, timeWindow: MINUTE_MS })
  const byCaller = app.createRateLimit({
    max: perCaller,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => callerOfRequest(request).id,
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.unlimited !== true) await count(byAddress, request, reply)
  })
  return (request: FastifyRequest, reply: FastifyReply): Promise<void> => count(byCaller, request, reply)
}

async function count(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const state = await limiter(request)
  if (state.isAllowed) return
  reply.headers({
    'x-ratelimit-limit': state.max,
    'x-ratelimit-remaining': state.remaining,
    'x-ratelimit-reset': state.ttlInSeconds,
  })
  if (!state.isExceeded) return
  reply.header('retry-after', state.ttlInSeconds)
  throw new HttpProblem('rate-limited')
}
