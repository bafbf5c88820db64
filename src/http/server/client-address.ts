import {
  canonicalAddress,
  clientAddressOf,
  FORWARDED_HEADERS,
  type ForwardedHeader,
  trustProxies,
} from '../../rules/client-address.ts'
import type { App } from './app-type.ts'

type ProxySettings = {
  /** Addresses and CIDR ranges of the trusted proxies, or their number. */
  trusted: readonly string[] | number
  /** The header in which they report the address of their client. */
  header: ForwardedHeader
}

/**
 * Sets `request.clientAddress`; register it before any hook that uses the address. The first request with a forwarded
 * header from an untrusted peer is logged: any client can send one, so a line per request would only cost.
 * @param onUntrusted is called for every such request
 */
export function findClientAddress(app: App, { trusted, header }: ProxySettings, onUntrusted: () => void): void {
  const isTrusted = trustProxies(trusted)
  let isLogged = false
  app.decorateRequest('clientAddress', '')
  app.addHook('onRequest', (request, _reply, done) => {
    const { socket, headers } = request
    const peer = canonicalAddress(socket.remoteAddress ?? '')
    const value = headers[header]
    const list = Array.isArray(value) ? value.join(',') : value
    request.clientAddress = clientAddressOf(peer, header, list, isTrusted)
    if (FORWARDED_HEADERS.some((name) => headers[name] !== undefined) && !isTrusted(peer, 0)) {
      onUntrusted()
      if (!isLogged) request.log.warn(UNTRUSTED)
      isLogged = true
    }
    done()
  })
}

const UNTRUSTED =
  'a forwarded header of a peer that TRUST_PROXY does not name is ignored; if the peer is your proxy, add it to TRUST_PROXY (logged once, then only counted)'
