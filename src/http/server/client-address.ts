import { isIPv4, isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'
import type { FailureNetwork } from '../../service/ports.ts'

/**
 * The network under which an address is rate limited: an IPv4 address itself, also in its IPv4-mapped form; the /64 of
 * an IPv6 address, because a host controls all addresses of its /64 (RFC 6177).
 * @param address of the connection, or as a trusted proxy reports it
 */
export function networkOf(address: string): string {
  const plain = unmapAddress(address)
  return isIPv6(plain) ? new Address6(`${plain}/64`).startAddress().correctForm() : plain
}

/**
 * The networks that failed logins of an address are counted for. A site has a /56 or a /48 of IPv6 (RFC 6177), so a client
 * can change its /64 with each request; the wider networks have higher limits, because several sites may share one.
 */
export function failureNetworksOf(address: string): FailureNetwork[] {
  const plain = unmapAddress(address)
  if (!isIPv6(plain)) return [{ network: plain, factor: 1 }]
  const prefix = (bits: number) => new Address6(`${plain}/${bits}`).startAddress().correctForm()
  return [
    { network: prefix(64), factor: 1 },
    { network: `${prefix(56)}/56`, factor: 4 },
    { network: `${prefix(48)}/48`, factor: 16 },
  ]
}

/**
 * The network of an address for the audit record, which locates the client without identifying it: /24 of IPv4, /48 of
 * IPv6.
 * @returns the network in CIDR notation (RFC 4632); undefined if the text is not an address
 */
export function recordedNetworkOf(address: string): string | undefined {
  const plain = unmapAddress(address)
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`
  return isIPv6(plain) ? `${new Address6(`${plain}/48`).startAddress().correctForm()}/48` : undefined
}

/** @returns the IPv4 address of an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2); any other text unchanged */
export function unmapAddress(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = new Address6(address)
  return parsed.isMapped4() ? parsed.to4().correctForm() : address
}
