import fc from 'fast-check'
import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { canonicalAddress, clientAddressOf, trustProxies } from '../../src/rules/client-address.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const PEER = '10.0.0.1'
const BY_RANGE = trustProxies(['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.9'])
const xff = (value: string, isTrusted = BY_RANGE, peer = PEER) =>
  clientAddressOf(peer, 'x-forwarded-for', value, isTrusted)
const forwarded = (value: string, isTrusted = BY_RANGE) => clientAddressOf(PEER, 'forwarded', value, isTrusted)

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.8', '203.0.113.8'],
    ['203.0.113.8:50001', '203.0.113.8'],
    [' 203.0.113.8 ', '203.0.113.8'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:50001', '2001:db8::1'],
    ['2001:0DB8:0:0::1', '2001:db8::1'],
    ['::ffff:203.0.113.8', '203.0.113.8'],
    ['[::ffff:203.0.113.8]:1', '203.0.113.8'],
    // The client comes first; each proxy appends the address of its peer.
    ['198.51.100.1, 203.0.113.8', '203.0.113.8'],
    ['203.0.113.8, 10.0.0.7, 10.9.9.9', '203.0.113.8'],
    ['203.0.113.8:1, [2001:db8:ffff::7]:2', '203.0.113.8'],
    ['203.0.113.8, , 10.0.0.7,', '203.0.113.8'],
    ['10.0.0.7, 10.0.0.8', '10.0.0.7'],
    ['spoofed, 203.0.113.8', '203.0.113.8'],
  ])('%j is the client %s', (value, client) => {
    expect(xff(value)).toBe(client)
  })

  it.each([
    '',
    ',',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113',
    '203.0.113.8.9',
    '203.0.113.256',
    '203.0.113.08',
    '203.0.113.8:',
    '203.0.113.8:port',
    '203.0.113.8:123456',
    '[2001:db8::1',
    '2001:db8::1]',
    '[203.0.113.8]',
    'fe80::1%eth0',
    '[fe80::1%25eth0]:1',
    '203.0.113.8/24',
    '"203.0.113.8"',
    'for=203.0.113.8',
    '203.0.113.8 10.0.0.1',
    '1'.repeat(12_000),
    '203.0.113.8\u0000',
  ])('%j is no address: the peer is the client', (value) => {
    expect(xff(value)).toBe(PEER)
  })

  it('with garbage behind a valid address is the valid one, which a trusted proxy reported', () => {
    expect(xff('203.0.113.8, garbage, 10.0.0.7')).toBe('10.0.0.7')
    expect(xff('garbage, 203.0.113.8, 10.0.0.7')).toBe('203.0.113.8')
  })

  it('of an untrusted peer is ignored', () => {
    expect(xff('203.0.113.8', BY_RANGE, '198.51.100.1')).toBe('198.51.100.1')
    expect(xff('203.0.113.8', trustProxies([]))).toBe(PEER)
  })

  it('is followed over as many proxies as a hop count says', () => {
    const value = '198.51.100.1, 198.51.100.2, 198.51.100.3'
    expect([1, 2, 3, 4].map((hops) => xff(value, trustProxies(hops), '198.51.100.4'))).toStrictEqual([
      '198.51.100.3',
      '198.51.100.2',
      '198.51.100.1',
      '198.51.100.1',
    ])
  })

  it('is read for at most 32 elements', () => {
    const proxies = (count: number) => Array.from({ length: count }, () => '10.0.0.7').join(', ')
    expect(xff(`203.0.113.8, ${proxies(31)}`)).toBe('203.0.113.8')
    expect(xff(`203.0.113.8, ${proxies(32)}`)).toBe('10.0.0.7')
  })
})

describe('Forwarded (RFC 7239)', () => {
  it.each([
    ['for=203.0.113.8', '203.0.113.8'],
    ['For="203.0.113.8:50001"', '203.0.113.8'],
    ['for="[2001:db8::1]:50001"', '2001:db8::1'],
    ['for="[2001:db8::1]"; proto=https; by=203.0.113.43', '2001:db8::1'],
    ['proto=https;for=203.0.113.8;host="a, b; c"', '203.0.113.8'],
    ['for=198.51.100.1, for=203.0.113.8', '203.0.113.8'],
    ['for=203.0.113.8, for=10.0.0.7;by="a\\"b, for=1.2.3.4"', '203.0.113.8'],
    ['for="203.0.113.8, for=10.0.0.7', '10.0.0.7'],
    ['for="203.0.113\\.8"', '203.0.113.8'],
    ['for="203.0.113.8:_port"', '203.0.113.8'],
  ])('%j is the client %s', (value, client) => {
    expect(forwarded(value)).toBe(client)
  })

  it.each([
    'for=unknown',
    'for=_hidden',
    'for="_hidden:1"',
    'for=[2001:db8::1',
    'by=203.0.113.8',
    'for=203.0.113.8;for=203.0.113.9',
    'for = 203.0.113.8',
    '203.0.113.8',
    'for="203.0.113.8" trailing',
    `for=203.0.113.8;x=${'a'.repeat(600)}`,
  ])('%j is no address: the peer is the client', (value) => {
    expect(forwarded(value)).toBe(PEER)
  })
})

describe('every header', () => {
  const text = fc.string({
    unit: fc.oneof(anyCharacter, fc.constantFrom(...'0123456789abcdef.:[],;="\\ for')),
    maxLength: 200,
  })

  it('gives a canonical address, whatever it contains', () => {
    fc.assert(
      fc.property(text, fc.boolean(), fc.integer({ min: 0, max: 5 }), (value, isForwarded, hops) => {
        const client = (isForwarded ? forwarded : xff)(value, trustProxies(hops))
        expect(isIP(client)).toBeGreaterThan(0)
        expect(canonicalAddress(client)).toBe(client)
      }),
      { numRuns: 500 },
    )
  })

  it('gives the same client whatever a client sends before what the proxies append', () => {
    fc.assert(
      fc.property(text, fc.ipV4(), fc.boolean(), (sent, address, isForwarded) => {
        fc.pre(!BY_RANGE(canonicalAddress(address), 0))
        const element = isForwarded ? `for=${address}` : address
        expect((isForwarded ? forwarded : xff)(`${sent}, ${element}`)).toBe(canonicalAddress(address))
      }),
      { numRuns: 500 },
    )
  })
})
