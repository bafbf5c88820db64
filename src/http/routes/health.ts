import { Type } from '@sinclair/typebox'
import type { Liveness, Readiness } from '../../contract/health.ts'
import type { App } from '../server/app-type.ts'

/** Adds `GET /livez` and `GET /readyz`. Neither has a rate limit, and neither waits for a signature. */
export function addHealth(app: App, readiness: () => Promise<Readiness>): void {
  app.get(
    '/livez',
    {
      config: { bucket: 'none', problems: ['malformed-request', 'headers-too-large'] },
      schema: {
        operationId: 'getLiveness',
        summary: 'Check that the process answers',
        security: [],
        response: { 200: Type.Unsafe<Liveness>(Type.Ref('Liveness')) },
      },
    },
    () => ({ status: 'ok' as const }),
  )
  const ready = Type.Unsafe<Readiness>(Type.Ref('Readiness'))
  app.get(
    '/readyz',
    {
      config: { bucket: 'none', problems: ['malformed-request', 'headers-too-large'] },
      schema: {
        operationId: 'getReadiness',
        summary: 'Check that the instance accepts traffic',
        security: [],
        response: { 200: ready, 503: ready },
      },
    },
    async (_request, reply) => {
      const answer = await readiness()
      return reply.code(answer.ready ? 200 : 503).send(answer)
    },
  )
}
