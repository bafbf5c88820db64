import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newApiKey } from '../../../src/auth/api-keys.ts'
import { CLINIC, DOCTOR, startService, UNLIMITED } from '../../kit.ts'
import { policyWithIssuer, startIssuer } from '../../support/oidc.ts'

const LIMIT = 10

async function start(env: Record<string, string> = {}) {
  const issuer = await startIssuer()
  const settings = { ...UNLIMITED, NODE_ENV: 'test', RATE_LIMIT_FAILED_LOGINS: String(LIMIT), ...env }
  const service = await startService(settings, undefined, policyWithIssuer(issuer.url))
  const ask = async (credential: string | undefined, remoteAddress = '192.0.2.1') => {
    const { statusCode, headers } = await service.app.inject({
      method: 'POST',
      url: '/api/jitsi/token',
      headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` },
      payload: credential?.startsWith('jts_') === false ? { roomId: DOCTOR.roomId } : DOCTOR,
      remoteAddress,
    })
    return { status: statusCode, retryAfter: headers['retry-after'] }
  }
  const redeem = async (code: string, remoteAddress = '192.0.2.1') =>
    (
      await service.app.inject({
        method: 'POST',
        url: '/api/jitsi/invitations/redeem',
        payload: { code },
        remoteAddress,
      })
    ).statusCode
  const lastReason = () => (JSON.parse(service.logLines.at(-1) ?? '{}') as { reason?: string }).reason
  return { ...service, issuer, ask, redeem, lastReason }
}

const wrongKey = () => newApiKey('clinic-backend').apiKey

describe('failed logins', () => {
  it('above the limit get 429 with Retry-After, and valid credentials of the same address still work', async () => {
    const { ask, issuer } = await start()
    for (let i = 0; i < LIMIT; i += 1) expect((await ask(wrongKey())).status).toBe(401)
    expect(await ask(wrongKey())).toStrictEqual({ status: 429, retryAfter: '6' })
    expect((await ask(CLINIC.apiKey)).status).toBe(200)
    expect((await ask(await issuer.sign())).status).toBe(200)
    expect((await ask(wrongKey(), '192.0.2.2')).status).toBe(401)
  })

  it('of one credential are limited across addresses', async () => {
    const { ask } = await start()
    const statuses = []
    for (let i = 0; i <= LIMIT; i += 1) statuses.push((await ask('the-same-guess', `192.0.2.${i}`)).status)
    expect(statuses).toStrictEqual([...Array.from({ length: LIMIT }, () => 401), 429])
  })

  it('of one IPv6 site are limited, even from another /64 each time', async () => {
    const { ask } = await start()
    /** Each guess is another credential from another /64. @returns how many guesses passed before the first 429 */
    const guess = async (subnetOf: (i: number) => number, most: number) => {
      for (let i = 0; i < most; i += 1) {
        const { status } = await ask(`guess-${subnetOf(i)}`, `2001:db8:1:${subnetOf(i).toString(16)}::1`)
        if (status === 429) return i
      }
      return most
    }
    // One /56 has four times the limit of an address, and a /48 sixteen times; both refill a little meanwhile.
    const inOneSite = await guess((i) => i, 16 * LIMIT)
    expect(inOneSite).toBeGreaterThanOrEqual(4 * LIMIT)
    expect(inOneSite).toBeLessThan(16 * LIMIT)
    const acrossSites = await guess((i) => 256 * (1 + Math.floor(i / 30)) + (i % 30), 64 * LIMIT)
    expect(acrossSites).toBeGreaterThanOrEqual(16 * LIMIT - inOneSite - 1)
    expect(acrossSites).toBeLessThan(64 * LIMIT)
    expect((await ask(CLINIC.apiKey, '2001:db8:1::1')).status).toBe(200)
    expect((await ask('guess', '2001:db8:2::1')).status).toBe(401)
  })

  it('are not counted for an expired token: other users and API keys of the address still get tokens', async () => {
    const { ask, issuer, lastReason } = await start()
    const expired = await issuer.sign({ exp: Math.floor(Date.now() / 1000) - 60 })
    for (let i = 0; i < 2 * LIMIT; i += 1) expect((await ask(expired)).status).toBe(401)
    expect(lastReason()).toBe('exp')
    expect((await ask(wrongKey())).status).toBe(401)
    expect((await ask(CLINIC.apiKey)).status).toBe(200)
    expect((await ask(await issuer.sign())).status).toBe(200)
  })

  it('are not counted for requests without a credential, such as image tags of any page', async () => {
    const { ask } = await start()
    for (let i = 0; i < 3 * LIMIT; i += 1) expect((await ask(undefined)).status).toBe(401)
    expect((await ask(wrongKey())).status).toBe(401)
    expect((await ask(CLINIC.apiKey)).status).toBe(200)
  })

  it('cannot fill the record: a thousand of one network leave two entries, in a chain of their own', async () => {
    const { ask, parts, allEntries } = await start({ RATE_LIMIT_FAILED_LOGINS: '1000000' })
    for (let i = 0; i < 1000; i += 1) await ask(undefined, `2001:db8:1:${i.toString(16)}::1`)
    await parts.failures.flush()
    const failures = allEntries().filter(({ action }) => action === 'caller.authenticate')
    expect(failures.map(({ count, address }) => [count, address])).toStrictEqual([
      [undefined, '2001:db8:1::/48'],
      [999, '2001:db8:1::/48'],
    ])
    expect(new Set(failures.map(({ chain }) => chain)).size).toBe(1)
    expect(String(failures[0]?.['writer'])).toMatch(/\/anonymous$/)
    const others = allEntries().filter(({ action }) => action !== 'caller.authenticate')
    expect(others.some(({ chain }) => chain === failures[0]?.['chain'])).toBe(false)
  })

  it('with invitation codes are limited for the unknown codes only', async () => {
    const { redeem, ask } = await start()
    const code = (i: number) => i.toString(16).padStart(64, '0')
    const statuses = []
    for (let i = 0; i <= LIMIT; i += 1) statuses.push(await redeem(code(i)))
    expect(statuses).toStrictEqual([...Array.from({ length: LIMIT }, () => 403), 429])
    expect((await ask(CLINIC.apiKey)).status).toBe(200)
  })

  it('never stop a valid credential, whatever came before', async () => {
    const { ask, issuer } = await start({ RATE_LIMIT_FAILED_LOGINS: '1' })
    const now = Math.floor(Date.now() / 1000)
    const [valid, ...failing] = await Promise.all([
      issuer.sign(),
      issuer.sign({ exp: now - 60 }),
      issuer.sign({ aud: 'account' }),
      issuer.sign({}, { kid: 'k9' }),
      issuer.sign({ nonce: 'n' }),
    ])
    const attempts = [undefined, 'x', 'jts_clinic-backend_x', wrongKey(), `${valid}x`, ...failing]
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...attempts), { maxLength: 12 }), async (sequence) => {
        for (const credential of sequence) expect([401, 429]).toContain((await ask(credential)).status)
        expect((await ask(valid)).status).toBe(200)
        expect((await ask(CLINIC.apiKey)).status).toBe(200)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the log', () => {
  it.each([
    ['aud', { aud: 'account' }],
    ['exp', { exp: 1 }],
    ['iss', { iss: 'https://id.example.org' }],
    ['kind', { typ: 'ID' }],
  ])('names the failed check of an access token: %s', async (reason, claims) => {
    const { ask, issuer, lastReason, logLines, entries } = await start()
    expect((await ask(await issuer.sign({ ...claims, sub: 'd9-secret' }))).status).toBe(401)
    expect(lastReason()).toBe(reason)
    expect(logLines.join('')).not.toMatch(/account|id\.example|d9-secret/)
    expect(JSON.stringify(entries())).not.toContain('reason')
  })

  it('names acr for a weak sign-in, and the validity of a known API key', async () => {
    const issuer = await startIssuer()
    const { sha256, apiKey } = newApiKey('old-backend')
    const policy = policyWithIssuer(issuer.url, { requiredAcr: ['mfa'] }).replace(
      'issuers:',
      `  - id: old-backend
    apiKeySha256: [{ sha256: "${sha256}", notAfter: "2020-01-01T00:00:00Z" }]
    roles: [patient]
    scopes: ["tokens:issue"]
issuers:`,
    )
    const { app, logLines } = await startService({ NODE_ENV: 'test' }, undefined, policy)
    for (const [credential, reason] of [
      [await issuer.sign(), 'acr'],
      [apiKey, 'api-key-validity'],
    ] as const) {
      await app.inject({ method: 'POST', url: '/api/jitsi/token', headers: { authorization: `Bearer ${credential}` } })
      expect(JSON.parse(logLines.at(-1) ?? '{}')).toMatchObject({ status: 401, reason })
    }
  })
})
