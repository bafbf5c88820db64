import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { CLINIC, DOCTOR, startService } from '../../kit.ts'
import { policyWithIssuer, startIssuer } from '../../support/oidc.ts'

const ROOM = { roomId: 'bharattelemed-p1042-d77-1764000000' }

async function start(change: Record<string, unknown> = {}, env: Record<string, string> = {}) {
  const issuer = await startIssuer()
  const service = await startService({ NODE_ENV: 'test', ...env }, undefined, policyWithIssuer(issuer.url, change))
  const as = async (claims: Record<string, unknown> = {}) => service.clientOf(await issuer.sign(claims))
  return { ...service, issuer, as }
}

describe('a signed-in user', () => {
  it('gets a token for the verified user with only the room in the request', async () => {
    const { as, issuer, entries } = await start()
    const user = await as({ sub: 'auth0|7', name: ' Asha Rao ', roles: ['patient', 'unknown'] })
    const { token, userRole, moderator } = await user.issueToken(ROOM)
    expect([userRole, moderator]).toStrictEqual(['patient', false])
    expect(decodeJwt(token)).toMatchObject({
      room: ROOM.roomId,
      context: { user: { id: 'auth0|7', name: 'Asha Rao', moderator: false }, features: { recording: false } },
    })
    expect(entries()).toMatchObject([
      { caller: issuer.url, user_id: 'auth0|7', role: 'patient', outcome: 'issued', action: 'token.issue' },
    ])
    expect(JSON.stringify(entries())).not.toContain('Asha')
  })

  it('may repeat verified values in the request', async () => {
    const { as } = await start()
    const user = await as({ sub: 'user-7', name: 'Rene\u0301e', email: 'r@example.org' })
    const said = { userId: 'user-7', userName: ' Ren\u00e9e ', userEmail: 'r@example.org', userRole: 'patient' }
    await expect(user.issueToken({ ...ROOM, ...said })).resolves.toMatchObject({ userRole: 'patient' })
  })

  it.each([
    ['another id', { userId: 'user-8' }],
    ['another name', { userName: 'Dr. Meera Iyer' }],
    ['another e-mail', { userEmail: 'other@example.org' }],
  ])('who says %s is refused, and recorded as who was verified', async (_what, said) => {
    const { as, entries } = await start()
    const user = await as({ sub: 'user-7' })
    await expect(user.issueToken({ ...ROOM, ...said })).rejects.toMatchObject({
      status: 403,
      code: 'identity-mismatch',
    })
    expect(entries()).toMatchObject([{ user_id: 'user-7', outcome: 'refused', code: 'identity-mismatch' }])
  })

  it('is refused a role that the user does not have', async () => {
    const { as } = await start()
    const user = await as({ roles: ['patient'] })
    await expect(user.issueToken({ ...ROOM, userRole: 'doctor' })).rejects.toMatchObject({
      status: 403,
      code: 'role-not-allowed',
    })
    await expect(user.issueToken({ ...ROOM, userRole: 'nurse' })).rejects.toMatchObject({
      status: 400,
      code: 'invalid-request',
    })
  })

  it('without a role of the policy is refused', async () => {
    const { as } = await start()
    await expect((await as({ roles: ['admin'] })).issueToken(ROOM)).rejects.toMatchObject({
      status: 403,
      code: 'role-not-allowed',
    })
    await expect((await as({ roles: undefined })).issueToken(ROOM)).rejects.toMatchObject({ code: 'role-not-allowed' })
  })

  it('with two roles must name one of them', async () => {
    const { as } = await start()
    const user = await as({ roles: ['gp', 'patient'] })
    await expect(user.issueToken(ROOM)).rejects.toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: [{ pointer: '/userRole', message: 'must name one of the roles of the user, who has several' }],
    })
    await expect(user.issueToken({ ...ROOM, userRole: 'doctor' })).resolves.toMatchObject({ moderator: true })
    await expect(user.issueToken({ ...ROOM, userRole: 'patient' })).resolves.toMatchObject({ moderator: false })
  })

  it('with two claim values for one role has one role', async () => {
    const { as } = await start()
    await expect((await as({ roles: ['gp', 'doctor'] })).issueToken(ROOM)).resolves.toMatchObject({
      userRole: 'doctor',
    })
  })

  it('without a valid name claim is refused, even with a name in the request', async () => {
    const { as } = await start()
    for (const name of [undefined, '', 'a\u202eb', 7]) {
      const user = await as({ name })
      await expect(user.issueToken({ ...ROOM, userName: 'Asha' })).rejects.toMatchObject({
        status: 403,
        code: 'identity-incomplete',
      })
    }
  })

  it('can only enter rooms that the issuer may use', async () => {
    const { as } = await start({ rooms: 'bharattelemed-open-.*' })
    const user = await as()
    await expect(user.issueToken(ROOM)).rejects.toMatchObject({ status: 403, code: 'room-not-allowed' })
    await user.issueToken({ roomId: 'bharattelemed-open-1' })
  })

  it('shares the verified e-mail if the role does', async () => {
    const { as } = await start({ roles: { watcher: 'observer' } })
    const user = await as({ roles: 'watcher', email: 'asha@example.org' })
    expect(decodeJwt((await user.issueToken(ROOM)).token)).toMatchObject({
      context: { user: { email: 'asha@example.org' } },
    })
    const other = await as({ roles: 'watcher', email: 'asha@example.org', email_verified: false })
    expect(JSON.stringify(decodeJwt((await other.issueToken(ROOM)).token))).not.toContain('asha@')
  })

  it('can have roles in a nested claim', async () => {
    const { as } = await start({ roleClaim: 'realm_access.roles' })
    const user = await as({ roles: ['doctor'], realm_access: { roles: ['patient'] } })
    await expect(user.issueToken(ROOM)).resolves.toMatchObject({ userRole: 'patient' })
  })

  it('with a weak sign-in gets the required authentication contexts (RFC 9470)', async () => {
    const { as, app, issuer, entries, parts } = await start({ requiredAcr: ['urn:mfa', 'urn:hardware'] })
    await (await as({ acr: 'urn:hardware' })).issueToken(ROOM)
    for (const acr of ['urn:pwd', undefined, ['urn:mfa']]) {
      const headers = { authorization: `Bearer ${await issuer.sign({ acr })}` }
      const answer = await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: ROOM })
      expect(answer.json()).toMatchObject({ status: 401, code: 'step-up-required' })
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="jitsi-token-service", error="insufficient_user_authentication", acr_values="urn:mfa urn:hardware"',
      )
    }
    await parts.failures.flush()
    const refused = entries().filter(({ code }) => code === 'step-up-required')
    expect(refused.map(({ count = 1 }) => count)).toStrictEqual([1, 2])
  })

  it('has a limit of its own, counted once and before the body is read', async () => {
    const { as } = await start({}, { RATE_LIMIT_PER_USER: '2', RATE_LIMIT_PER_CALLER: '1' })
    const [one, other] = [await as({ sub: 'one' }), await as({ sub: 'other' })]
    await one.issueToken(ROOM)
    await expect(one.issueToken({ roomId: '' })).rejects.toMatchObject({ code: 'invalid-request' })
    await expect(one.issueToken(ROOM)).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 30 })
    await other.issueToken(ROOM)
    await other.issueToken(ROOM)
  })

  it('gets 503 while the keys of the issuer are unavailable; backends still work, and the service stays ready', async () => {
    const { as, issuer, app, client, entries } = await start()
    const user = await as()
    issuer.instead = (_request, response) => response.writeHead(500).end()
    await expect(user.issueToken(ROOM)).rejects.toMatchObject({
      status: 503,
      code: 'identity-provider-unavailable',
      retryAfterSeconds: 5,
    })
    await client.issueToken(DOCTOR)
    expect((await app.inject('/readyz')).statusCode).toBe(200)
    expect(entries()).toMatchObject([{ caller: 'clinic-backend' }])
  })

  it('cannot set X-On-Behalf-Of: it is not recorded', async () => {
    const { app, issuer, entries } = await start()
    const headers = { authorization: `Bearer ${await issuer.sign()}`, 'x-on-behalf-of': 'dr-77' }
    expect((await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: ROOM })).statusCode).toBe(200)
    expect(entries()[0]?.['on_behalf_of']).toBeUndefined()
  })
})

describe('a backend', () => {
  it('must name the user and the role, and gets all missing fields at once', async () => {
    const { client } = await startService()
    await expect(client.issueToken(ROOM)).rejects.toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: ['/userId', '/userName', '/userRole'].map((pointer) => ({ pointer, message: 'is missing' })),
    })
  })

  it.each(['dr-77', 'x', 'Practitioner/77', 'a'.repeat(255)])(
    'may name the person on whose behalf it acts, %j: recorded, without effect on the decision',
    async (person) => {
      const { app, entries } = await startService()
      const ask = (payload: object) =>
        app.inject({
          method: 'POST',
          url: '/api/jitsi/token',
          headers: { authorization: `Bearer ${CLINIC.apiKey}`, 'x-on-behalf-of': person },
          payload,
        })
      expect((await ask(DOCTOR)).statusCode).toBe(200)
      expect((await ask({ ...DOCTOR, userRole: 'nurse' })).statusCode).toBe(400)
      expect((await ask({})).statusCode).toBe(400)
      expect(entries().map((entry) => [entry['on_behalf_of'], entry['outcome']])).toStrictEqual([
        [person, 'issued'],
        [person, 'refused'],
        [person, 'refused'],
      ])
    },
  )

  it.each([
    ['empty', ''],
    ['of 256 characters', 'a'.repeat(256)],
    ['with a space', 'ward 7'],
    ['of other characters', 'é'],
    ['of blanks', ' '],
    ['with a tab', 'a\tb'],
  ])('is refused a name of that person that is %s', async (_what, person) => {
    const { app, entries } = await startService()
    const headers = { authorization: `Bearer ${CLINIC.apiKey}`, 'x-on-behalf-of': person }
    const answer = await app.inject({ method: 'POST', url: '/api/jitsi/token', headers, payload: DOCTOR })
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: [{ pointer: '/headers/x-on-behalf-of' }],
    })
    expect(entries()).toMatchObject([{ code: 'invalid-request' }])
    expect(entries()[0]?.['on_behalf_of']).toBeUndefined()
  })

  it('can get a shorter lifetime and a lower rate by the policy, never more', async () => {
    const narrow = (change: string) => `
rooms: { pattern: "bharattelemed-.*" }
roles:
  doctor: { moderator: true, lifetimeMinutes: { default: 90, max: 240 }, features: [] }
callers:
  - { id: clinic-backend, apiKeySha256: [{ sha256: "${CLINIC.sha256}" }], roles: [doctor], scopes: ["tokens:issue"], ${change} }
`
    const short = await startService({}, undefined, narrow('lifetimeMinutes: { max: 20 }, ratePerMinute: 3'))
    const { token } = await short.client.issueToken(DOCTOR)
    const { exp = 0, iat = 0 } = decodeJwt(token)
    expect(exp - iat).toBe(20 * 60)
    await expect(short.client.issueToken({ ...DOCTOR, expirationMinutes: 21 })).rejects.toMatchObject({
      errors: [{ pointer: '/expirationMinutes', message: 'must be at most 20 minutes for this caller and role' }],
    })
    await short.client.issueToken({ ...DOCTOR, expirationMinutes: 20 })
    await expect(short.client.issueToken(DOCTOR)).rejects.toMatchObject({ code: 'rate-limited', retryAfterSeconds: 20 })
    const wide = await startService(
      { RATE_LIMIT_PER_CALLER: '1' },
      undefined,
      narrow('lifetimeMinutes: { max: 1440 }, ratePerMinute: 1000'),
    )
    await expect(wide.client.issueToken({ ...DOCTOR, expirationMinutes: 241 })).rejects.toMatchObject({
      code: 'invalid-request',
    })
    await expect(wide.client.issueToken(DOCTOR)).rejects.toMatchObject({ code: 'rate-limited' })
  })
})
