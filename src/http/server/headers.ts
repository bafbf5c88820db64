import type { App } from './app-type.ts'

/** Headers of every response. An API response must not be framed, sniffed, cached or executed. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The maximum size of request line and headers together, in bytes; a larger request is answered with 431. */
export const MAX_HEADER_BYTES = 16 * 1024

/** Request ids of clients and proxies that are recorded; the characters are safe in a log line and in a header. */
const CLIENT_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/

/** @returns the value of an X-Request-Id header if it is valid: 8 to 64 characters of A-Z, a-z, 0-9 and . _ - */
export const clientRequestIdOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && CLIENT_REQUEST_ID.test(header) ? header : undefined

/** Adds the security headers and X-Request-Id to every response; register it before any hook that can answer. */
export function addSecurityHeaders(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
    done()
  })
}
