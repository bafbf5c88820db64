import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { App } from './app-type.ts'
import { HttpProblem } from './problems.ts'

const OPTIONS: FastifyCorsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
  allowedHeaders: [
    ...['authorization', 'content-type', 'idempotency-key', 'if-match', 'last-event-id'],
    ...['x-on-behalf-of', 'x-request-id'],
  ],
  exposedHeaders: [
    ...['content-disposition', 'etag', 'idempotency-replayed', 'location', 'ratelimit', 'ratelimit-policy'],
    ...['retry-after', 'www-authenticate', 'x-request-id'],
  ],
  maxAge: 600,
  strictPreflight: false,
}

/**
 * Lets pages of other origins call the API (Fetch, section 3.2), those of listed origins with the cookie too. The preflight
 * of any other page is refused with a problem document that says so; other answers to it carry no CORS headers.
 * @param isListed whether an origin may call with credentials
 * @param allowsAny whether every other origin may call without credentials
 */
export async function addCors(
  app: App,
  { isListed, allowsAny }: { isListed: (origin: string) => boolean; allowsAny: boolean },
): Promise<void> {
  app.addHook('onRequest', async ({ method, headers: { origin, ...headers } }) => {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return
    if (origin !== undefined && !allowsAny && !isListed(origin)) throw new HttpProblem({ code: 'origin-not-allowed' })
  })
  await app.register(cors, {
    delegator: ({ headers: { origin } }, decide) => {
      if (origin !== undefined && isListed(origin)) return decide(null, { ...OPTIONS, origin, credentials: true })
      decide(null, { ...OPTIONS, origin: allowsAny ? '*' : false })
    },
  })
}
