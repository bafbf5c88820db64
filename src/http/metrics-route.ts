import { Type } from '@sinclair/typebox'
import type { App } from './app-type.ts'
import type { Metrics } from './metrics.ts'
import { HttpProblem } from './problems.ts'

/**
 * Adds `GET /metrics`.
 * @param mayRead tells from the Authorization header whether somebody may have them
 */
export function addMetrics(app: App, metrics: Metrics, mayRead: (authorization: string | undefined) => boolean): void {
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

/** Counts each request once it was answered: by the pattern of its route, for its path is anything. */
export function countRequests(app: App, metrics: Pick<Metrics, 'answered'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { routeOptions, method, problem } = request
    metrics.answered(
      routeOptions.url ?? 'none',
      method,
      reply.statusCode,
      problem?.code ?? '',
      reply.elapsedTime / 1000,
    )
    done()
  })
}
