import { LogController } from 'fastify'
import { PROBLEMS } from '../contract/problem.ts'
import type { App } from './app-type.ts'

/** Fastify's own lines are off: they hold the URL, in which anything may stand. */
export const quiet = new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })

/**
 * Writes one line a request: the route and not the URL, the caller's id and no other word of the request. Probes, which
 * come every few seconds, are told at level debug.
 */
export function logRequests(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { problem } = request
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(request.caller === null ? {} : { caller: request.caller.id }),
      ...(problem === null ? {} : { code: problem.code }),
    }
    const level = request.routeOptions.config.bucket === 'none' ? 'debug' : 'info'
    if (problem !== null && PROBLEMS[problem.code].status >= 500)
      request.log.error({ ...line, err: problem.cause }, 'request')
    else request.log[level](line, 'request')
    done()
  })
}
