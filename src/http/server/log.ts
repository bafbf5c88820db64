import { type FastifyRequest, LogController } from 'fastify'
import { type ProblemCode, PROBLEMS } from '../../contract/problem.ts'
import type { App } from './app-type.ts'

/** Turns off the request log of Fastify: it contains the URL, which may contain secrets or personal data. */
export const noRequestLogs = new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })

/** Whether a problem is an error of the service or its dependencies; overload and shutdown are expected. */
const isFault = (code: ProblemCode): boolean =>
  PROBLEMS[code].status >= 500 && code !== 'overloaded' && code !== 'shutting-down'

/** Refusals are warnings; probes, which arrive every few seconds, are logged at debug. */
function levelOf({ problem, routeOptions }: FastifyRequest): 'debug' | 'info' | 'warn' {
  if (problem !== null) return 'warn'
  return routeOptions.config.bucket === 'none' ? 'debug' : 'info'
}

/**
 * Writes one log line per request: the pattern of the route instead of the URL, and of the request's content nothing
 * but the id of the caller.
 */
export function logRequests(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { problem, rejectionReason } = request
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(request.caller === null ? {} : { caller: request.caller.id }),
      ...(request.origin?.clientRequestId === undefined ? {} : { clientRequestId: request.origin.clientRequestId }),
      ...(request.origin?.traceId === undefined ? {} : { traceId: request.origin.traceId }),
      ...(problem === null ? {} : { code: problem.code }),
      ...(rejectionReason === null ? {} : { reason: rejectionReason }),
    }
    if (problem !== null && isFault(problem.code)) request.log.error({ ...line, err: problem.cause }, 'request')
    else request.log[levelOf(request)](line, 'request')
    done()
  })
}
