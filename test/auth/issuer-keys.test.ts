import { decodeProtectedHeader, type FlattenedJWSInput } from 'jose'
import { describe, expect, it } from 'vitest'
import { createIssuerKeys, type JwksLocation } from '../../src/auth/issuer-keys.ts'
import { startIssuer } from '../support/oidc.ts'

const HOUR = 3_600_000

async function open(change: Partial<JwksLocation> = {}) {
  const issuer = await startIssuer()
  const clock = { now: 1_000_000 }
  const keys = createIssuerKeys(
    { issuer: issuer.url, maxStaleMs: 24 * HOUR, allowHttp: true, ...change },
    () => clock.now,
  )
  const token = await issuer.sign()
  const find = async (kid = 'k1') =>
    keys({ ...decodeProtectedHeader(token), alg: 'RS256', kid }, {} as FlattenedJWSInput)
  return { issuer, clock, find, fetches: () => issuer.asked['/jwks'] ?? 0 }
}

describe('the keys of an issuer', () => {
  it('are found by discovery, fetched once for concurrent requests, and cached', async () => {
    const { issuer, find, fetches } = await open()
    await Promise.all(Array.from({ length: 50 }, () => find()))
    await find()
    expect(issuer.asked).toStrictEqual({ '/.well-known/openid-configuration': 1, '/jwks': 1 })
    expect(fetches()).toBe(1)
  })

  it('are fetched from jwksUri where the policy names one', async () => {
    const issuer = await startIssuer()
    const keys = createIssuerKeys(
      { issuer: 'https://elsewhere.example', jwksUri: `${issuer.url}/jwks`, maxStaleMs: HOUR, allowHttp: true },
      () => 0,
    )
    await keys({ alg: 'RS256', kid: 'k1' }, {} as FlattenedJWSInput)
    expect(issuer.asked).toStrictEqual({ '/jwks': 1 })
  })

  it('are fetched at most once in 30 s for unknown kids', async () => {
    const { clock, find, fetches } = await open()
    await find()
    for (let i = 0; i < 50; i += 1)
      await expect(find(`unknown-${i}`)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
    expect(fetches()).toBe(1)
    clock.now += 30_000
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        expect(find(`unknown-${i}`)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' }),
      ),
    )
    expect(fetches()).toBe(2)
  })

  it('are found when they are added later', async () => {
    const { issuer, clock, find } = await open()
    await find()
    issuer.published.set('k2', issuer.publicKey)
    clock.now += 30_000
    await expect(find('k2')).resolves.toBeDefined()
  })

  it('are found when they are added later, also if the clock was set back an hour', async () => {
    const { issuer, clock, find } = await open()
    await find()
    issuer.published.set('k2', issuer.publicKey)
    clock.now -= HOUR
    await expect(find('k2')).resolves.toBeDefined()
  })

  it('that were withdrawn are accepted for at most ten minutes and one request', async () => {
    const { issuer, clock, find } = await open()
    await find()
    issuer.published.delete('k1')
    issuer.published.set('k2', issuer.publicKey)
    clock.now += 600_000
    await find()
    await expect.poll(() => issuer.asked['/jwks']).toBe(2)
    await expect.poll(() => find().catch((error: { code: string }) => error.code)).toBe('ERR_JWKS_NO_MATCHING_KEY')
  })

  it('are used for a day while the issuer is unavailable, and not longer', async () => {
    const { issuer, clock, find } = await open()
    await find()
    issuer.instead = (_, response) => response.writeHead(503).end()
    clock.now += 24 * HOUR - 1
    await find()
    await find()
    clock.now += 1
    await expect(find()).rejects.toMatchObject({ name: 'ServiceFault', code: 'identity-provider-unavailable' })
    issuer.instead = undefined
    clock.now += 30_000
    await expect(find()).resolves.toBeDefined()
  })

  it('that could not be fetched are requested again after five seconds, not at each request', async () => {
    const { issuer, clock, find, fetches } = await open({ jwksUri: undefined as never })
    issuer.instead = (_, response) => response.writeHead(500).end()
    for (let i = 0; i < 10; i += 1)
      await expect(find()).rejects.toMatchObject({ code: 'identity-provider-unavailable' })
    expect(issuer.asked['/.well-known/openid-configuration']).toBe(1)
    issuer.instead = undefined
    clock.now += 5000
    await find()
    expect(fetches()).toBe(1)
  })

  it.each([
    [
      'a redirect',
      (response: { writeHead(status: number, headers?: object): { end(text?: string): void } }) =>
        response.writeHead(302, { location: '/elsewhere' }).end(),
    ],
    ['an HTML page', (response) => response.writeHead(200).end('<html>')],
    ['a list', (response) => response.writeHead(200).end('[]')],
    [
      'another issuer',
      (response) =>
        response.writeHead(200).end('{"issuer":"https://evil.example","jwks_uri":"https://evil.example/jwks"}'),
    ],
    ['no jwks_uri', (response) => response.writeHead(200).end('{}')],
  ] as [string, (response: { writeHead(status: number, headers?: object): { end(text?: string): void } }) => void][])(
    'are not accepted from %s',
    async (_what, answer) => {
      const { issuer, find } = await open()
      issuer.instead = (_request, response) => answer(response)
      await expect(find()).rejects.toMatchObject({ code: 'identity-provider-unavailable' })
      expect(issuer.asked['/elsewhere']).toBeUndefined()
    },
  )

  it('are not fetched over http in production', async () => {
    const { issuer, find } = await open({ allowHttp: false })
    await expect(find()).rejects.toMatchObject({ code: 'identity-provider-unavailable' })
    expect(issuer.asked['/jwks']).toBeUndefined()
  })

  it('of an issuer that does not answer time out after three seconds', async () => {
    const { issuer, find } = await open()
    issuer.instead = () => undefined
    await expect(find()).rejects.toMatchObject({ code: 'identity-provider-unavailable' })
  })
})
