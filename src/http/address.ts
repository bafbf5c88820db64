import { isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'

/**
 * The network that an address stands for where it is counted: an IPv4 address is one, also where it is written as IPv6; of
 * IPv6 whoever has one address has the 64 bits that follow its network (RFC 6177), so they count as one.
 * @param address as the connection or a trusted proxy says
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const parsed = new Address6(address)
  return parsed.isMapped4() ? parsed.to4().correctForm() : new Address6(`${address}/64`).startAddress().correctForm()
}
