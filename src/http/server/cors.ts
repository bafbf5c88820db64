import cors from '@fastify/cors'
import type { App } from './app-type.ts'

/**
 * Lets the pages of some origins call. A page elsewhere gets no CORS header, and its preflight no answer that helps.
 * @param origins as a browser sends them, or `*`; with none, nothing is registered
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
