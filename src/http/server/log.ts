import { type FastifyRequest, LogController } from 'fastify'
import { type ProblemCode, PROBLEMS } from '../../contract/problem.ts'
import type { App } from './app-type.ts'

/** Fastify's own lines are off: they hold the URL, in which anything may stand. */
export const noRequestLogs = new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })

/** What nobody asked for: everything of ours that is broken or away, but not that more was asked for than can be done. */
const isFault = (code: ProblemCode): boolean =>
  PROBLEMS[code].status >= 500 && code !== 'overloaded' && code !== 'shutting-down'

/** Probes, which come every few seconds, are told at debug, refusals as warnings. */
function levelOf({ problem, routeOptions }: FastifyRequest): 'debug' | 'info' | 'warn' {
  if (problem !== null) return 'warn'
  return routeOptions.config.bucket === 'none' ? 'debug' : 'info'
}

/**
 * Writes one line a request: the route and not the URL, the caller's id and no other word of the request.
 */
export function logRequests(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { problem } = request
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(request.caller === null ? {} : { caller: request.caller.id }),
      ...(request.origin?.traceId === undefined ? {} : { traceId: request.origin.traceId }),
      ...(problem === null ? {} : { code: problem.code }),
    }
    if (problem !== null && isFault(problem.code)) request.log.error({ ...line, err: problem.cause }, 'request')
    else request.log[levelOf(request)](line, 'request')
    done()
  })
}
