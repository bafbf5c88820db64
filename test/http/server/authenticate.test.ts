import { createHmac, KeyObject, sign as signBytes } from 'node:crypto'
import { connect } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deps } from '../../../src/app/compose.ts'
import { PROBLEMS } from '../../../src/contract/problem.ts'
import type { RejectionReason } from '../../../src/contract/rejection-reason.ts'
import { newApiKey } from '../../../src/auth/api-keys.ts'
import { CLINIC, DOCTOR, openService, type Service, UNLIMITED, WARD } from '../../kit.ts'
import { type Issuer, openIssuer, policyWithIssuer } from '../../support/oidc.ts'

let issuer: Issuer & { close(): void }
let service: Service & { close(): Promise<void> }
let failures = 0
beforeAll(async () => {
  issuer = await openIssuer()
  const countFailures = ({ limiter }: Deps): Partial<Deps> => ({
    limiter: {
      take: (key, perMinute) => {
        if (key.startsWith('failed:credential:')) failures += 1
        return limiter.take(key, perMinute)
      },
    },
  })
  service = await openService({ ...UNLIMITED, NODE_ENV: 'test' }, countFailures, policyWithIssuer(issuer.url))
})
afterAll(async () => {
  await service.close()
  issuer.close()
})

const now = Math.floor(Date.now() / 1000)
const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const HEADER = { alg: 'RS256', kid: 'k1', typ: 'at+jwt' }
const claims = () => ({
  iss: issuer.url,
  aud: 'jitsi-token-service',
  sub: 'user-7',
  name: 'Asha',
  roles: ['patient'],
  exp: now + 300,
})
/** A token of parts as given, signed by the issuer's own key whatever the header says. */
const rawToken = async (header: unknown, payload: unknown): Promise<string> => {
  const input = `${b64(header)}.${b64(payload)}`
  const { privateKey } = issuer
  return `${input}.${signBytes('RSA-SHA256', Buffer.from(input), KeyObject.from(privateKey)).toString('base64url')}`
}
const hmacToken = (header: object, secret: string | Buffer) => {
  const input = `${b64({ ...HEADER, ...header })}.${b64(claims())}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
const parts = async () => (await issuer.sign()).split('.') as [string, string, string]
const stranger = generateKeyPair('RS256', { extractable: true })
const key = CLINIC.apiKey

const ROWS: [what: string, authorization: () => string | Promise<string>][] = [
  // Not a credential at all.
  ['an empty header', () => ''],
  ['the word alone', () => 'Bearer'],
  ['the word and blanks', () => 'Bearer   '],
  ['Basic', () => `Basic ${key}`],
  ['DPoP', async () => `DPoP ${await issuer.sign()}`],
  ['the key alone', () => key],
  ['two keys', () => `Bearer ${key} ${key}`],
  ['two keys with a comma', () => `Bearer ${key},${key}`],
  ['a tab for the blank', () => `Bearer\t${key}`],
  ['15 kB', () => `Bearer ${'a'.repeat(15_000)}`],
  // API keys.
  ['a key that is cut', () => `Bearer ${key.slice(0, -1)}`],
  ['a key with a character more', () => `Bearer ${key}A`],
  ['a key in upper case', () => `Bearer ${key.toUpperCase()}`],
  ['a key of somebody unknown', () => `Bearer ${newApiKey('nobody').apiKey}`],
  ['a key that was revoked', () => `Bearer ${newApiKey('clinic-backend').apiKey}`],
  ['the secret of another caller', () => `Bearer ${WARD.apiKey.replace('ward', 'clinic')}`],
  ['the hash for the key', () => `Bearer ${CLINIC.sha256}`],
  ['__proto__ as caller', () => `Bearer jts___proto___${'A'.repeat(43)}`],
  ['constructor as caller', () => `Bearer jts_constructor_${'A'.repeat(43)}`],
  ['a path as caller', () => `Bearer jts_../../etc_${'A'.repeat(43)}`],
  // Tokens that are none.
  ['one part', async () => `Bearer ${(await parts())[0]}`],
  ['two parts', async () => `Bearer ${(await parts()).slice(0, 2).join('.')}`],
  ['four parts', async () => `Bearer ${[...(await parts()), 'x'].join('.')}`],
  ['five parts, as of a JWE', async () => `Bearer ${[...(await parts()), 'x', 'y'].join('.')}`],
  ['three dots', () => 'Bearer ...'],
  ['an empty signature', async () => `Bearer ${(await parts()).slice(0, 2).join('.')}.`],
  ['padding', async () => `Bearer ${await issuer.sign()}==`],
  ['the other base64', async () => `Bearer ${(await issuer.sign()).replaceAll(/[-_]/g, '+')}+/`],
  ['a header that is no JSON', async () => `Bearer ${await rawToken('{', claims())}`],
  ['a header that is null', async () => `Bearer ${await rawToken('null', claims())}`],
  ['a header that is a list', async () => `Bearer ${await rawToken([], claims())}`],
  ['a payload that is no JSON', async () => `Bearer ${await rawToken(HEADER, '{')}`],
  ['a payload that is a list', async () => `Bearer ${await rawToken(HEADER, [claims()])}`],
  ['a payload that is null', async () => `Bearer ${await rawToken(HEADER, 'null')}`],
  // Algorithms.
  ['alg none', async () => `Bearer ${b64({ ...HEADER, alg: 'none' })}.${b64(claims())}.${(await parts())[2]}`],
  ['alg None', async () => `Bearer ${await rawToken({ ...HEADER, alg: 'None' }, claims())}`],
  ['no alg', async () => `Bearer ${await rawToken({ kid: 'k1' }, claims())}`],
  ['alg a list', async () => `Bearer ${await rawToken({ ...HEADER, alg: ['RS256'] }, claims())}`],
  [
    'HS256 with the public key in PEM for a secret',
    async () => `Bearer ${hmacToken({ alg: 'HS256' }, await exportSPKI(issuer.publicKey))}`,
  ],
  [
    'HS256 with the public key in JWK for a secret',
    async () => `Bearer ${hmacToken({ alg: 'HS256' }, JSON.stringify(await exportJWK(issuer.publicKey)))}`,
  ],
  ['HS256 with nothing for a secret', () => `Bearer ${hmacToken({ alg: 'HS256' }, '')}`],
  ['RS256 in the header, an HMAC behind it', async () => `Bearer ${hmacToken({}, await exportSPKI(issuer.publicKey))}`],
  [
    'RS384, which the policy does not list',
    async () => `Bearer ${await rawToken({ ...HEADER, alg: 'RS384' }, claims())}`,
  ],
  [
    'PS256, which the policy does not list',
    async () => `Bearer ${await rawToken({ ...HEADER, alg: 'PS256' }, claims())}`,
  ],
  [
    'ES256 of a key of its own',
    async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256')
      return `Bearer ${await issuer.sign({}, { alg: 'ES256', jwk: await exportJWK(publicKey) }, privateKey)}`
    },
  ],
  // Keys.
  ['the key of a stranger', async () => `Bearer ${await issuer.sign({}, {}, (await stranger).privateKey)}`],
  ['an unknown kid', async () => `Bearer ${await issuer.sign({}, { kid: 'k9' })}`],
  ['a kid that is a path', async () => `Bearer ${await issuer.sign({}, { kid: '../../../../etc/passwd' })}`],
  ['a kid that is SQL', async () => `Bearer ${await issuer.sign({}, { kid: "k1' OR '1'='1" })}`],
  ['a kid of 4000 characters', async () => `Bearer ${await issuer.sign({}, { kid: 'k'.repeat(4000) })}`],
  ['a kid that is a number', async () => `Bearer ${await rawToken({ ...HEADER, kid: 1 }, claims())}`],
  [
    'a key in the header (jwk)',
    async () => {
      const { privateKey, publicKey } = await stranger
      return `Bearer ${await issuer.sign({}, { jwk: await exportJWK(publicKey) }, privateKey)}`
    },
  ],
  [
    'the address of a key in the header (jku)',
    async () => `Bearer ${await issuer.sign({}, { jku: `${issuer.url}/evil` }, (await stranger).privateKey)}`,
  ],
  [
    'a certificate in the header (x5c)',
    async () => `Bearer ${await issuer.sign({}, { x5c: ['MIIB'] }, (await stranger).privateKey)}`,
  ],
  [
    'the address of a certificate (x5u)',
    async () => `Bearer ${await issuer.sign({}, { x5u: `${issuer.url}/evil` }, (await stranger).privateKey)}`,
  ],
  ['a critical extension', async () => `Bearer ${await rawToken({ ...HEADER, crit: ['x'], x: 1 }, claims())}`],
  ['an unencoded payload', async () => `Bearer ${await rawToken({ ...HEADER, crit: ['b64'], b64: false }, claims())}`],
  // Signatures.
  [
    'a signature with one bit turned',
    async () => {
      const [header, payload, signature] = await parts()
      const bytes = Buffer.from(signature, 'base64url')
      bytes[100] = (bytes[100] ?? 0) ^ 1
      return `Bearer ${header}.${payload}.${bytes.toString('base64url')}`
    },
  ],
  [
    'claims that were changed',
    async () => {
      const [header, , signature] = await parts()
      return `Bearer ${header}.${b64({ ...claims(), roles: ['doctor'] })}.${signature}`
    },
  ],
  [
    'a header that was changed',
    async () => {
      const [, payload, signature] = await parts()
      return `Bearer ${b64({ ...HEADER, typ: 'JWT' })}.${payload}.${signature}`
    },
  ],
  // Types.
  ...['JWT', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id_token', ''].map((typ): [string, () => Promise<string>] => [
    `the type ${JSON.stringify(typ)}`,
    async () => `Bearer ${await issuer.sign({}, { typ })}`,
  ]),
  // Tokens of the issuer for other purposes.
  ...(
    [
      ['an ID token', { nonce: 'n' }],
      ['an ID token of the hybrid flow', { at_hash: 'h' }],
      ['a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
      ['a token bound to a key', { cnf: { jkt: 'thumbprint' } }],
      ['a refresh token of Keycloak', { typ: 'Refresh' }],
      ['an ID token of Keycloak', { typ: 'ID' }],
      ['an ID token of Cognito', { token_use: 'id' }],
    ] as [string, Record<string, unknown>][]
  ).map(([what, claim]): [string, () => Promise<string>] => [
    `as an access token: ${what}`,
    async () => `Bearer ${await issuer.sign(claim)}`,
  ]),
  // Times, whom from and whom for.
  ...(
    [
      ['expired by a second beyond the leeway', { exp: now - 31 }],
      ['without an expiry', { exp: undefined }],
      ['whose expiry is a text', { exp: String(now + 300) }],
      ['whose expiry is null', { exp: null }],
      ['that is not valid for 40 s yet', { nbf: now + 40 }],
      ['whose nbf is a text', { nbf: 'now' }],
      ['of another issuer', { iss: 'https://evil.example' }],
      ['of the issuer with a slash more', { iss: '/' }],
      ['without an issuer', { iss: undefined }],
      ['of a list of issuers', { iss: ['x'] }],
      ['for somebody else', { aud: 'another-service' }],
      ['for others in a list', { aud: ['another-service', 'jitsi-token-service-2'] }],
      ['for nobody', { aud: undefined }],
      ['for an empty list', { aud: [] }],
      ['for us in another case', { aud: 'Jitsi-Token-Service' }],
      ['without a subject', { sub: undefined }],
      ['whose subject is a number', { sub: 7 }],
      ['whose subject is empty', { sub: '' }],
      ['whose subject holds a line break', { sub: 'a\nb' }],
      ['whose subject has 256 characters', { sub: 'a'.repeat(256) }],
    ] as [string, Record<string, unknown>][]
  ).map(([what, change]): [string, () => Promise<string>] => [
    `a token ${what}`,
    async () => `Bearer ${await issuer.sign(change['iss'] === '/' ? { iss: `${issuer.url}/` } : change)}`,
  ]),
]

/** The rows without a bearer credential: they are no failed logins. */
const NO_CREDENTIAL = new Set([
  'an empty header',
  'the word alone',
  'the word and blanks',
  'Basic',
  'DPoP',
  'the key alone',
])

/** The reason in the log of each row: that of the first pattern that matches its name. */
const REASONS: [pattern: RegExp, reason: RejectionReason][] = [
  [/^a key of somebody unknown|^a key that was revoked|secret of another caller|^constructor/, 'api-key'],
  [/^(alg [nN]one|HS256|RS384|PS256|ES256)/, 'alg'],
  [/^an unknown kid|^a kid/, 'unknown-key'],
  [/HMAC behind|stranger|in the header \(j|x5[cu]|one bit|that were changed|that was changed/, 'signature'],
  [/^the type/, 'typ'],
  [/expired|expiry/, 'exp'],
  [/not valid for|nbf/, 'nbf'],
  [/issuer/, 'iss'],
  [/^a token for|for us in another case/, 'aud'],
  [/subject/, 'sub'],
  [/^as an? /, 'kind'],
  [/./, 'malformed'],
]
const reasonOf = (what: string) => REASONS.find(([pattern]) => pattern.test(what))?.[1]

/** These tokens bear a valid signature, so they are no guesses. */
const SIGNED: ReadonlySet<RejectionReason | undefined> = new Set(['typ', 'exp', 'nbf', 'aud', 'sub', 'kind'] as const)

describe('a credential that is wrong', () => {
  it('comes in more than sixty ways', () => expect(ROWS.length).toBeGreaterThan(60))

  it.each(ROWS)(
    '%s: 401, the same body for all, its reason in the log only, and it counts if it may be a guess',
    async (what, authorization) => {
      const presented = await authorization()
      const before = { entries: service.entries().length, failures }
      const answer = await service.app.inject({
        method: 'POST',
        url: '/api/jitsi/token',
        headers: { authorization: presented },
        payload: DOCTOR,
      })
      expect(answer.json()).toStrictEqual({
        type: 'urn:problem-type:jitsi-token-service:unauthenticated',
        title: 'Not authenticated',
        status: 401,
        code: 'unauthenticated',
        detail: PROBLEMS.unauthenticated.detail,
        requestId: answer.headers['x-request-id'],
      })
      expect(answer.statusCode).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="jitsi-token-service", error="invalid_token"')
      await service.parts.failures.flush()
      expect(service.entries().slice(before.entries)).toMatchObject([
        {
          action: 'caller.authenticate',
          outcome: 'refused',
          code: 'unauthenticated',
          caller: '-',
          request_id: answer.headers['x-request-id'],
        },
      ])
      const { reason } = JSON.parse(service.logLines.at(-1) ?? '{}') as { reason?: RejectionReason }
      expect(reason).toBe(reasonOf(what))
      const isGuess = !SIGNED.has(reason) && !NO_CREDENTIAL.has(what) && !/^two keys$|^a tab/.test(what)
      expect(failures - before.failures).toBe(isGuess ? 1 : 0)
      const secret = presented.replace(/^\S+\s*/, '')
      if (secret.length > 20) {
        expect(JSON.stringify(service.entries())).not.toContain(secret.slice(0, 60))
        expect(service.logLines.join('')).not.toContain(secret.slice(0, 60))
      }
    },
  )

  it('none: 401 without an error in the challenge', async () => {
    const answer = await service.app.inject({ method: 'POST', url: '/api/jitsi/token', payload: DOCTOR })
    expect([answer.statusCode, answer.headers['www-authenticate']]).toStrictEqual([
      401,
      'Bearer realm="jitsi-token-service"',
    ])
  })

  it.each(['access_token', 'token', 'jwt', 'authorization'])('in the query as %s counts for nothing', async (name) => {
    const answer = await service.app.inject({ method: 'POST', url: `/api/jitsi/token?${name}=${key}`, payload: DOCTOR })
    expect(answer.statusCode).toBe(401)
    expect(service.logLines.join('')).not.toContain(key)
  })

  it('beside a good one is refused: which of two Authorization headers would count?', async () => {
    expect(await overSocket([`Authorization: Bearer ${key}`, `Authorization: Bearer x`])).toMatch(/^HTTP\/1\.1 401 /)
    expect(await overSocket([`Authorization: Bearer ${key}`, `authorization: Bearer ${key}`])).toMatch(
      /^HTTP\/1\.1 401 /,
    )
    expect(await overSocket([`Authorization: Bearer ${key}`])).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('may take 16 KiB of headers, and a larger request is answered with the limit', async () => {
    const headerOf = async (bytes: number) => {
      const token = await issuer.sign({ padding: 'x'.repeat(bytes) })
      return [`Authorization: Bearer ${token}`]
    }
    // The claims are encoded in base64url: 11,400 characters become about 15,200 bytes.
    const accepted = await overSocket(await headerOf(11_400), { roomId: DOCTOR.roomId })
    expect(accepted).toMatch(/^HTTP\/1\.1 200 /)
    const refused = await overSocket(await headerOf(12_400), { roomId: DOCTOR.roomId })
    expect(refused).toMatch(/^HTTP\/1\.1 431 [^]*less than 16 KiB \(16384 bytes\)/)
  })

  it('of a megabyte is refused before it is read whole', async () => {
    expect(await overSocket([`Authorization: Bearer ${'a'.repeat(1_000_000)}`])).toMatch(
      /^HTTP\/1\.1 431 [^]*"headers-too-large"/,
    )
  })

  it('is refused before the body is read', async () => {
    const answer = await service.app.inject({ method: 'POST', url: '/api/jitsi/token', payload: '{'.repeat(100_000) })
    expect(answer.statusCode).toBe(401)
  })

  it('never made the service fetch what a header pointed to', () => {
    expect(Object.keys(issuer.asked).toSorted()).toStrictEqual(['/.well-known/openid-configuration', '/jwks'])
  })

  it('is not the issuer’s good token: that one is accepted, and so is one of 15 kB', async () => {
    const ask = async (token: string) =>
      (
        await service.app.inject({
          method: 'POST',
          url: '/api/jitsi/token',
          headers: { authorization: `bearer ${token}` },
          payload: { roomId: DOCTOR.roomId },
        })
      ).statusCode
    expect(await ask(await issuer.sign())).toBe(200)
    expect(await ask(await issuer.sign({ groups: Array.from({ length: 290 }, () => crypto.randomUUID()) }))).toBe(200)
    expect(await ask(await issuer.sign({}, { typ: 'application/at+jwt' }))).toBe(200)
    expect(await ask(await issuer.sign({ exp: now - 5, nbf: now + 20, aud: ['x', 'jitsi-token-service'] }))).toBe(200)
  })
})

/** Asks over a socket with these header lines, and takes what comes. */
async function overSocket(lines: readonly string[], payload: object = DOCTOR): Promise<string> {
  const { app } = service
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const body = JSON.stringify(payload)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => {
      const head = [
        'POST /api/jitsi/token HTTP/1.1',
        'Host: x',
        ...lines,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    })
    socket.on('data', (data) => (answer += String(data)))
    // Whoever is refused half way may be cut off while writing.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}
