import swaggerUi from '@fastify/swagger-ui'
import { Type } from '@sinclair/typebox'
import type { App } from '../server/app-type.ts'

/** Adds `GET /openapi.yaml`, and Swagger UI at `/docs`, which loads nothing from other hosts. */
export async function addDocsPage(app: App): Promise<void> {
  app.get(
    '/openapi.yaml',
    {
      config: { problems: ['rate-limited'] },
      schema: {
        operationId: 'getDescription',
        summary: 'Read this document',
        security: [],
        response: {
          200: {
            description: 'The OpenAPI document as YAML',
            content: { 'application/yaml': { schema: Type.String() } },
          },
        },
      },
    },
    async (_request, reply) => reply.type('application/yaml; charset=utf-8').send(app.swagger({ yaml: true })),
  )
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Links of the page at /docs; those of /docs/ are relative.
    indexPrefix: app.basePath,
    staticCSP: {
      'default-src': "'none'",
      'script-src': "'self'",
      // The scripts of Swagger UI set style attributes.
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data:",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    },
    theme: { title: 'Jitsi token service' },
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, tryItOutEnabled: true },
  })
}
