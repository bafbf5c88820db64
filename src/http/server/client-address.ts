import { isIPv4, isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'

/**
 * The network that an address stands for where it is counted: an IPv4 address is one, also where it is written as IPv6; of
 * IPv6 whoever has one address has the 64 bits that follow its network (RFC 6177), so they count as one.
 * @param address as the connection or a trusted proxy says
 */
export function networkOf(address: string): string {
  const plain = unmapped(address)
  return isIPv6(plain) ? new Address6(`${plain}/64`).startAddress().correctForm() : plain
}

/**
 * The network that the record keeps of an address: enough to see from where, and not who: 24 bits of IPv4, 48 of IPv6.
 * @returns in CIDR notation (RFC 4632); undefined for what is no address
 */
export function recordedNetworkOf(address: string): string | undefined {
  const plain = unmapped(address)
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`
  return isIPv6(plain) ? `${new Address6(`${plain}/48`).startAddress().correctForm()}/48` : undefined
}

/** An IPv4 address that is written as IPv6 is that IPv4 address (RFC 4291, section 2.5.5.2). */
export function unmapped(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = new Address6(address)
  return parsed.isMapped4() ? parsed.to4().correctForm() : address
}
