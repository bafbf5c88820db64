import { isIPv6 } from 'node:net'
import type { App } from './app-type.ts'
import { HttpProblem } from './problems.ts'

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

function isHost(text: string): boolean {
  const { address, port } = HOST.exec(text)?.groups ?? {}
  if (!HOST.test(text) || Number(port ?? 0) > 65_535) return false
  return address === undefined || isIPv6(address)
}
