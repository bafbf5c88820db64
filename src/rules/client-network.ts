import { isIPv4, isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'

/**
 * The network under which a client address is rate limited: an IPv4 address itself; the /64 of an IPv6 address, because
 * a host controls all addresses of its /64 (RFC 6177).
 * @param address as `clientAddressOf` returns it
 */
export const networkOf = (address: string): string => (isIPv6(address) ? networkStart(address, 64) : address)

/**
 * The networks that failed logins of a client address are counted for. A site has a /56 or a /48 of IPv6 (RFC 6177), so
 * a client can change its /64 with each request; the wider networks have higher limits, because several sites may share
 * one.
 * @param address as `clientAddressOf` returns it
 * @returns the networks, each with the factor by which its limit is multiplied
 */
export function failureNetworksOf(address: string): { network: string; factor: number }[] {
  if (!isIPv6(address)) return [{ network: address, factor: 1 }]
  return [
    { network: networkStart(address, 64), factor: 1 },
    { network: `${networkStart(address, 56)}/56`, factor: 4 },
    { network: `${networkStart(address, 48)}/48`, factor: 16 },
  ]
}

/**
 * The network of a client address for the audit record, which locates the client without identifying it: /24 of IPv4,
 * /48 of IPv6.
 * @param address as `clientAddressOf` returns it
 * @returns the network in CIDR notation (RFC 4632); undefined if the text is not an address
 */
export function recordedNetworkOf(address: string): string | undefined {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  return isIPv6(address) ? `${networkStart(address, 48)}/48` : undefined
}

/** @returns the first address of the network of an IPv6 address */
const networkStart = (address: string, prefixBits: number): string =>
  new Address6(`${address}/${prefixBits}`).startAddress().correctForm()
