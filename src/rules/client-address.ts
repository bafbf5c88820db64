import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { Address6 } from 'ip-address'

/** The headers in which a proxy can report the address of its client, in lower case. */
export const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded'] as const
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number]

/**
 * Says whether a hop is a trusted proxy.
 * @param hop 0 for the peer of the connection, 1 for the address that the peer reports, and so on
 */
export type IsTrustedProxy = (address: string, hop: number) => boolean

/** Elements of the header that are read, from the right; a real chain of proxies is shorter. */
const MAX_ELEMENTS = 32

/** An element of X-Forwarded-For has at most 53 characters; one of Forwarded can have further parameters. */
const MAX_ELEMENT_CHARACTERS = 512

/**
 * Creates the check for trusted proxies.
 * @param trusted addresses and CIDR ranges of the proxies, or the number of proxies in front of the service
 */
export function trustProxies(trusted: readonly string[] | number): IsTrustedProxy {
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted
  const ranges = new BlockList()
  for (const range of trusted) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (prefix === undefined) ranges.addAddress(address, family)
    else ranges.addSubnet(address, Number(prefix), family)
  }
  return (address) => isIP(address) > 0 && ranges.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/**
 * Finds the client address of a request. It follows the header from the right, where the nearest proxy adds its element,
 * as long as the hop before is a trusted proxy. An element that is not an address ends the search, because nothing left
 * of it is reliable; the client is then the last hop found.
 * @param peer canonical address of the other end of the connection
 * @param header name of the header that the proxies set
 * @param value of the header; several headers are joined with commas (RFC 9110, section 5.3)
 * @returns the address without port and brackets, in its canonical form; `peer` if the peer is not trusted
 */
export function clientAddressOf(
  peer: string,
  header: ForwardedHeader,
  value: string | undefined,
  isTrusted: IsTrustedProxy,
): string {
  let address = peer
  let hop = 0
  for (const element of elementsFromRight(value ?? '', SYNTAX[header].lastCommaOf)) {
    if (!isTrusted(address, hop)) break
    const next = SYNTAX[header].addressIn(element)
    if (next === undefined) break
    address = next
    hop += 1
  }
  return address
}

/**
 * The canonical form of an address: an IPv6 address as in RFC 5952, an IPv4-mapped one (RFC 4291, section 2.5.5.2) as
 * IPv4. A zone id (RFC 4007) is removed.
 * @returns a new string: V8 keeps the whole header in memory for a part that is cut out of it. Empty for any other text
 */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address.split('.').map(Number).join('.')
  if (!isIPv6(address)) return ''
  const parsed = new Address6(address.split('%', 1)[0] ?? '')
  return parsed.isMapped4() ? parsed.to4().correctForm() : parsed.correctForm()
}

/** Reads the elements of a list from the right. Empty elements are skipped (RFC 9110, section 5.6.1.2). */
function* elementsFromRight(list: string, lastCommaOf: (text: string) => number): Generator<string> {
  let rest = list
  for (let count = 0; count < MAX_ELEMENTS; count += 1) {
    const comma = lastCommaOf(rest)
    const element = rest.slice(comma + 1).trim()
    if (element !== '') yield element
    if (comma < 0) return
    rest = rest.slice(0, comma)
  }
}

const PORT = String.raw`(?::(?:\d{1,5}|_[\w.-]{1,32}))?`

/** An IPv4 address or a bracketed IPv6 address, each with an optional port (RFC 7239, section 6), or an IPv6 address. */
const NODE = new RegExp(String.raw`^(?:([\d.]{7,15})${PORT}|\[([\da-f:.]{2,45})\]${PORT}|([\da-f:.]{2,45}))$`, 'i')

/** @returns the canonical address of a node; undefined if it is obfuscated, unknown or invalid, or has a zone id */
function addressOfNode(node: string): string | undefined {
  const [, v4 = '', bracketed = '', bare = ''] = NODE.exec(node) ?? []
  return isIPv4(v4) || isIPv6(bracketed || bare) ? canonicalAddress(v4 || bracketed || bare) : undefined
}

/** A parameter of an element of Forwarded (RFC 7239, section 4). An unquoted value may have the characters of a port. */
const PARAMETER =
  /[ \t]*(?:(?<name>[!#$%&'*+.^_`|~\w-]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",;=\\]+)))?[ \t]*(?:;|$)/gy

/** @returns the address in the parameter `for`; undefined if the element is invalid or does not have exactly one */
function addressOfForwarded(element: string): string | undefined {
  if (element.length > MAX_ELEMENT_CHARACTERS) return undefined
  const parameters = [...element.matchAll(PARAMETER)]
  const last = parameters.at(-1)
  if (last === undefined || last.index + last[0].length < element.length) return undefined
  const nodes = parameters.filter(({ groups }) => groups?.['name']?.toLowerCase() === 'for')
  const { quoted, plain = '' } = nodes[0]?.groups ?? {}
  return nodes.length === 1 ? addressOfNode(quoted?.replaceAll(/\\(.)/g, '$1') ?? plain) : undefined
}

/**
 * Finds the last comma outside quoted strings. It searches from the right, so that an open quote of a client cannot hide
 * the elements that proxies add after it.
 */
function lastCommaOutsideQuotes(text: string): number {
  let isQuoted = false
  for (let index = text.length - 1; index >= 0; index -= 1) {
    if (text[index] === ',' && !isQuoted) return index
    if (text[index] === '"' && !(isQuoted && isEscaped(text, index))) isQuoted = !isQuoted
  }
  return -1
}

/** Whether an odd number of backslashes precedes a character. */
function isEscaped(text: string, index: number): boolean {
  let start = index
  while (text[start - 1] === '\\') start -= 1
  return (index - start) % 2 === 1
}

/** How each header separates and writes its elements. */
const SYNTAX = {
  'x-forwarded-for': { lastCommaOf: (text: string) => text.lastIndexOf(','), addressIn: addressOfNode },
  forwarded: { lastCommaOf: lastCommaOutsideQuotes, addressIn: addressOfForwarded },
}
