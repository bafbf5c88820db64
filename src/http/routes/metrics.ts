import { Type } from '@sinclair/typebox'
import type { App } from '../server/app-type.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import { HttpProblem } from '../server/problems.ts'

/** The metrics in the Prometheus text format. */
type MetricsText = { text(): Promise<string>; contentType: string }

type RequestCounter = {
  countRequest(route: string, method: string, status: number, code: ProblemCode | '', seconds: number): void
}

/**
 * Adds `GET /metrics`.
 * @param isAuthorized checks the Authorization header
 */
export function addMetrics(
  app: App,
  metrics: MetricsText,
  isAuthorized: (authorization: string | undefined) => boolean,
): void {
  app.get(
    '/metrics',
    {
      config: { bucket: 'none', problems: ['malformed-request', 'unauthenticated', 'headers-too-large'] },
      schema: {
        operationId: 'getMetrics',
        summary: 'Read the metrics',
        description: 'Requires METRICS_TOKEN as a Bearer token if that setting is set.',
        security: [],
        response: {
          200: {
            description: 'Metrics in the Prometheus text format',
            content: { 'text/plain': { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      if (!isAuthorized(request.headers.authorization)) throw new HttpProblem({ code: 'unauthenticated' })
      return reply.type(metrics.contentType).send(await metrics.text())
    },
  )
}

/** Counts each answered request by its route pattern; the path would give an unbounded number of label values. */
export function countRequests(app: App, metrics: RequestCounter): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { routeOptions, method, problem } = request
    metrics.countRequest(
      routeOptions.url ?? 'none',
      method,
      reply.statusCode,
      problem?.code ?? '',
      reply.elapsedTime / 1000,
    )
    done()
  })
}
