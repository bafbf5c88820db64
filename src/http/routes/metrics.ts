import { Type } from '@sinclair/typebox'
import type { App } from '../server/app-type.ts'
import type { ProblemCode } from '../../contract/problem.ts'
import { HttpProblem } from '../server/problems.ts'

/** The metrics as Prometheus reads them. */
type MetricsText = { text(): Promise<string>; contentType: string }

/** Counts answered requests. */
type RequestCounter = {
  countRequest(route: string, method: string, status: number, code: ProblemCode | '', seconds: number): void
}

/**
 * Adds `GET /metrics`.
 * @param mayRead checks the Authorization header
 */
export function addMetrics(
  app: App,
  metrics: MetricsText,
  mayRead: (authorization: string | undefined) => boolean,
): void {
  app.get(
    '/metrics',
    {
      config: { bucket: 'none', problems: ['malformed-request', 'unauthenticated', 'headers-too-large'] },
      schema: {
        operationId: 'getMetrics',
        summary: 'Counters for Prometheus',
        description: 'Needs METRICS_TOKEN as Bearer, where that is set.',
        tags: ['health'],
        security: [],
        response: { 200: { description: 'Counters as text', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      if (!mayRead(request.headers.authorization)) throw new HttpProblem({ code: 'unauthenticated' })
      return reply.type(metrics.contentType).send(await metrics.text())
    },
  )
}

/** Counts each answered request by the pattern of its route; the path itself would give unbounded label values. */
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
