import { isIPv6 } from 'node:net'
import type { App } from './app-type.ts'
import { HttpProblem } from './problems.ts'

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

/** A host name or IPv4 address, or an IPv6 address in brackets, with an optional port (RFC 3986, section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|\[(?<address>[0-9A-Fa-f:.]+)\])(?::(?<port>\d{1,5}))?$/

/**
 * Refuses requests whose Host header is missing, invalid or repeated (RFC 9112, section 3.2), because proxies and the service
 * could otherwise disagree on the host. HTTP/1.0 permits a request without Host.
 */
export function requireHost(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { rawHeaders, httpVersion } = request.raw
    const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host')
    const [host] = hosts
    const isMissing = host === undefined && httpVersion === '1.0'
    const isValid = isMissing || (hosts.length === 1 && host !== undefined && isHost(host))
    done(isValid ? undefined : new HttpProblem({ code: 'malformed-request' }))
  })
}

/**
 * Refuses an expectation other than 100-continue (RFC 9110, section 10.1.1). Without a listener, Node.js answers 417 itself,
 * without a body, and no hook runs.
 */
export function checkExpectation(app: App): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.addHook('onRequest', (request, _reply, done) => {
    const { expect = '100-continue' } = request.headers
    done(expect.toLowerCase() === '100-continue' ? undefined : new HttpProblem({ code: 'expectation-failed' }))
  })
}

function isHost(text: string): boolean {
  const { address, port } = HOST.exec(text)?.groups ?? {}
  if (!HOST.test(text) || Number(port ?? 0) > 65_535) return false
  return address === undefined || isIPv6(address)
}
