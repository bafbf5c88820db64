import { describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, PATIENT, startService, WARD } from '../../kit.ts'

const login = { authorization: `Bearer ${CLINIC.apiKey}` }

describe('the limit of an address', () => {
  it.each([
    ['tokens', { method: 'POST', url: '/api/jitsi/token', headers: login, payload: DOCTOR }],
    ['failed logins', { method: 'POST', url: '/api/jitsi/token', headers: { authorization: 'Bearer no' } }],
    ['requests without a key', { method: 'POST', url: '/api/jitsi/token' }],
    ['unknown paths', { method: 'GET', url: '/nowhere' }],
    ['undecodable paths', { method: 'GET', url: '/%zz' }],
    ['HEAD', { method: 'HEAD', url: '/openapi.yaml' }],
    ['OPTIONS', { method: 'OPTIONS', url: '/api/jitsi/token' }],
    ['wrong methods', { method: 'DELETE', url: '/api/jitsi/token' }],
    ['the docs', { method: 'GET', url: '/docs' }],
  ] as const)('counts %s', async (_what, request) => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '2' })
    const statuses = []
    for (let i = 0; i < 2; i += 1) statuses.push((await app.inject(request)).statusCode)
    expect(statuses).not.toContain(429)
    const answer = await app.inject(request)
    expect(answer.statusCode).toBe(429)
    expect(answer.headers).toMatchObject({
      'retry-after': '30',
      'ratelimit-policy': '"address";q=2;w=60',
      ratelimit: '"address";r=0;t=30',
    })
    if (request.method !== 'HEAD') expect(answer.json()).toMatchObject({ status: 429, code: 'rate-limited' })
  })

  it('counts one address apart from another', async () => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '1' })
    const from = async (remoteAddress: string) => (await app.inject({ url: '/nowhere', remoteAddress })).statusCode
    expect(await from('192.0.2.1')).toBe(404)
    expect(await from('192.0.2.2')).toBe(404)
    expect(await from('192.0.2.1')).toBe(429)
  })

  it('counts an IPv6 network of 64 bits as one address', async () => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '1' })
    const from = async (remoteAddress: string) => (await app.inject({ url: '/nowhere', remoteAddress })).statusCode
    expect(await from('2001:db8::1')).toBe(404)
    expect(await from('2001:db8::ffff:2')).toBe(429)
    expect(await from('2001:db8:0:1::1')).toBe(404)
  })

  it('does not apply to probes', async () => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '1' })
    for (let i = 0; i < 5; i += 1) {
      expect((await app.inject('/livez')).statusCode).toBe(200)
      expect((await app.inject('/readyz')).statusCode).toBe(200)
    }
  })

  it('ignores X-Forwarded-For by default', async () => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '1' })
    const as = async (address: string) =>
      (await app.inject({ url: '/nowhere', headers: { 'x-forwarded-for': address } })).statusCode
    expect(await as('192.0.2.1')).toBe(404)
    expect(await as('192.0.2.2')).toBe(429)
  })

  it('uses X-Forwarded-For of a trusted proxy only', async () => {
    const { app } = await startService({ RATE_LIMIT_PER_ADDRESS: '1', TRUST_PROXY: '10.0.0.0/8, 192.0.2.9' })
    const through = async (remoteAddress: string, forwarded: string) =>
      (await app.inject({ url: '/nowhere', remoteAddress, headers: { 'x-forwarded-for': forwarded } })).statusCode
    expect(await through('10.1.2.3', '198.51.100.1')).toBe(404)
    expect(await through('10.1.2.3', '198.51.100.2')).toBe(404)
    expect(await through('192.0.2.9', '198.51.100.2')).toBe(429)
    // Addresses that the client itself put in front of the address of the proxy are ignored.
    expect(await through('10.1.2.3', '1.1.1.1, 198.51.100.2')).toBe(429)
    expect(await through('203.0.113.5', '198.51.100.3')).toBe(404)
    expect(await through('203.0.113.5', '198.51.100.4')).toBe(429)
  })
})

describe('the limit of a caller', () => {
  it('applies to all addresses of the caller, and its refusals are recorded', async () => {
    const { app, clientOf, entries } = await startService({ RATE_LIMIT_PER_CALLER: '2' })
    const ask = (remoteAddress: string) =>
      app.inject({ method: 'POST', url: '/api/jitsi/token', headers: login, payload: DOCTOR, remoteAddress })
    expect((await ask('192.0.2.1')).statusCode).toBe(200)
    expect((await ask('192.0.2.2')).statusCode).toBe(200)
    const third = await ask('192.0.2.3')
    expect(third.json()).toMatchObject({ status: 429, code: 'rate-limited' })
    expect(third.headers).toMatchObject({ 'retry-after': '30', ratelimit: '"address";r=1199;t=1, "caller";r=0;t=30' })
    await clientOf(WARD.apiKey).issueToken({ ...PATIENT, roomId: 'bharattelemed-ward-1' })
    expect(entries().map(({ caller, outcome, code }) => [caller, outcome, code])).toStrictEqual([
      ['clinic-backend', 'issued', undefined],
      ['clinic-backend', 'issued', undefined],
      ['clinic-backend', 'refused', 'rate-limited'],
      ['ward-backend', 'issued', undefined],
    ])
  })

  it('counts refused requests too', async () => {
    const { client } = await startService({ RATE_LIMIT_PER_CALLER: '2' })
    const wrong = () => client.issueToken({ ...DOCTOR, userId: '' }).catch((error: unknown) => error)
    await wrong()
    await wrong()
    await expect(client.issueToken(DOCTOR)).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 30 })
  })
})
