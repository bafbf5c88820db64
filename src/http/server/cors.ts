import cors from '@fastify/cors'
import type { App } from './app-type.ts'

/**
 * Allows pages of the given origins to call the API. Other pages receive no CORS headers, so browsers block their
 * requests.
 * @param origins origins as a browser sends them, or `*`; with an empty list, CORS is off
 */
export async function addCors(app: App, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  await app.register(cors, {
    origin: origins.includes('*')
      ? '*'
      : (origin, decide) => decide(null, origin !== undefined && origins.includes(origin) ? origin : false),
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type'],
    exposedHeaders: ['ratelimit', 'ratelimit-policy', 'retry-after', 'www-authenticate', 'x-request-id'],
    maxAge: 600,
    strictPreflight: false,
  })
}
