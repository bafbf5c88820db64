import { createPublicKey } from 'node:crypto'
import { decodeJwt, importPKCS8, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Deps } from '../../../src/app/compose.ts'
import type { Caller, Policy } from '../../../src/rules/policy/policy.ts'
import { APP_ID, CLINIC, testKeyPem, UNLIMITED, scrape } from '../../kit.ts'
import { asking, MINUTE_MS, startVisits, VISIT, type Visits } from '../../support/consultations.ts'

const START = Date.parse(VISIT.startsAt)
const END = START + VISIT.durationMinutes * MINUTE_MS
const KID = `${APP_ID}/test-key`
const OBSERVER = { userId: 'observer-1', userName: 'A Student' }
const AVATAR = 'https://cdn.example.org/a.png'

type Tokened = { token: string; expiresAt: string }

/** A consultation that has started, and an observer with a token of 20 minutes. */
async function inside(
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
  env: Record<string, string> = {},
  change: object = {},
) {
  const visits = await startVisits(env, replace)
  const visit = await visits.visit({ participants: [{ userId: OBSERVER.userId, role: 'observer' }], ...change })
  visits.time.now = START
  const request = {
    ...OBSERVER,
    roomId: visit.roomId,
    userEmail: 'student@example.org',
    userAvatar: AVATAR,
    expirationMinutes: 20,
  }
  const { status, body } = await visits.desk<Tokened>('POST', '/token', request)
  expect(status).toBe(200)
  return { ...visits, id: visit.id, roomId: visit.roomId, request, token: body.token, ...renewing(visits) }
}

const renewing = ({ nobody }: Visits) => ({
  renew: (token: string) => nobody<Tokened & { code: string }>('POST', '/token/renew', { token }),
})

const jtiOf = (token: string) => decodeJwt(token).jti

/** Signs any claims with the key of the service. */
const signed = async (claims: JWTPayload, header: object = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KID, ...header })
    .sign(await importPKCS8(testKeyPem(), 'RS256'))

describe('a renewed token', () => {
  it('is for the same user, room and role, with the same lifetime and a new id', async () => {
    const { renew, token, time, entries, id, roomId } = await inside()
    time.now = START + 25 * MINUTE_MS
    const { status, body } = await renew(token)
    expect(status).toBe(200)
    const iat = time.now / 1000
    expect(decodeJwt(body.token)).toStrictEqual({
      aud: 'jitsi',
      iss: 'chat',
      sub: APP_ID,
      room: roomId,
      iat,
      nbf: iat - 10,
      exp: iat + 20 * 60,
      jti: expect.not.stringContaining(jtiOf(token) ?? '') as string,
      context: {
        user: { id: 'observer-1', name: 'A Student', moderator: false, avatar: AVATAR, email: 'student@example.org' },
        features: {
          branding: false,
          calendar: false,
          'create-polls': false,
          'file-upload': false,
          flip: false,
          'inbound-call': false,
          'list-visitors': false,
          'live-translation': false,
          livestreaming: false,
          lobby: false,
          moderation: false,
          'outbound-call': false,
          recording: false,
          room: false,
          'screen-sharing': false,
          'send-groupchat': false,
          'send-private-message': false,
          'sip-inbound-call': false,
          'sip-outbound-call': false,
          transcription: false,
        },
        room: { regex: false },
      },
    })
    expect(body).toMatchObject({ roomId, userRole: 'observer', moderator: false, consultationId: id })
    expect(entries().at(-1)).toMatchObject({
      caller: 'desk-backend',
      action: 'token.renew',
      outcome: 'issued',
      consultation: id,
      room: roomId,
      user_id: 'observer-1',
      role: 'observer',
      jti: jtiOf(body.token),
      renews: jtiOf(token),
      lifetime_seconds: 1200,
    })
  })

  it('can be renewed itself, and so can the old one again, because an answer may get lost', async () => {
    const { renew, token, time } = await inside()
    time.now = START + 10 * MINUTE_MS
    const [first, second] = [await renew(token), await renew(token)]
    expect([first.status, second.status]).toStrictEqual([200, 200])
    expect(jtiOf(first.body.token)).not.toBe(jtiOf(second.body.token))
    time.now += 25 * MINUTE_MS
    expect((await renew(second.body.token)).status).toBe(200)
  })

  it('never outlives the admission window, and is refused after it', async () => {
    const { renew, token, time } = await inside()
    time.now = START + 20 * MINUTE_MS
    const again = await renew(token)
    time.now = START + 40 * MINUTE_MS
    const late = await renew(again.body.token)
    time.now = END + 21 * MINUTE_MS
    const cut = await renew(late.body.token)
    expect(decodeJwt(cut.body.token).exp).toBe((END + 30 * MINUTE_MS) / 1000)
    time.now = END + 30 * MINUTE_MS
    expect(await renew(cut.body.token)).toMatchObject({ status: 403, body: { code: 'too-late' } })
  })

  it('lasts at least five minutes, and no longer than the current policy allows', async () => {
    const state: { max?: number } = {}
    const { renew, token, time } = await inside((parts) => ({ policy: () => shortened(parts.policy(), state.max) }))
    state.max = 10
    expect(lifetimeOf((await renew(token)).body.token)).toBe(600)
    const claims = decodeJwt(token)
    const short = await signed({ ...claims, exp: (claims.iat ?? 0) + 60 })
    expect(lifetimeOf((await renew(short)).body.token)).toBe(300)
    expect(time.now).toBe(START)
  })

  it('takes its rights from the current policy, and contains no e-mail if that no longer allows it', async () => {
    const state = { changed: false }
    const { renew, token } = await inside((parts) => ({
      policy: () => (state.changed ? { ...parts.policy(), roles: reticent(parts.policy()) } : parts.policy()),
    }))
    state.changed = true
    expect(decodeJwt((await renew(token)).body.token)).toMatchObject({
      context: {
        user: expect.not.objectContaining({ email: expect.anything() as string }) as object,
        features: { recording: true },
      },
    })
  })

  it('of a signed-in user names the issuer and the user in the audit record', async () => {
    const visits = await startVisits()
    const { roomId } = await visits.visit({ doctorId: 'auth0|77' })
    visits.time.now = START
    const doctor = await visits.user('auth0|77', 'doctor')
    const { body } = await doctor<Tokened>('POST', '/token', { roomId })
    const { renew } = renewing(visits)
    expect(await renew(body.token)).toMatchObject({ status: 200, body: { userRole: 'doctor', moderator: true } })
    expect(visits.entries().at(-1)).toMatchObject({
      caller: visits.issuer.url,
      action: 'token.renew',
      user_id: 'auth0|77',
      renews: jtiOf(body.token),
    })
  })
})

const lifetimeOf = (token: string): number => {
  const { iat = 0, exp = 0 } = decodeJwt(token)
  return exp - iat
}

const shortened = (policy: Policy, max: number | undefined): Policy => {
  const observer = policy.roles.get('observer')
  if (max === undefined || observer === undefined) return policy
  return { ...policy, roles: new Map([['observer', { ...observer, lifetimeMinutes: { default: 5, max } }]]) }
}

const reticent = (policy: Policy): Policy['roles'] =>
  new Map(
    [...policy.roles].map(([name, role]) => [name, { ...role, shareEmail: false, features: ['recording' as const] }]),
  )

const WRONG: [string, (claims: JWTPayload, token: string) => Promise<string> | string][] = [
  ['no token at all', () => 'nothing'],
  ['two parts', (_claims, token) => token.split('.').slice(0, 2).join('.')],
  ['four parts', (_claims, token) => `${token}.e30`],
  ['16 kB of something', () => 'x'.repeat(16_000)],
  ['a token with white space around it', (_claims, token) => ` ${token} `],
  ['a signature cut off', (_claims, token) => `${token.split('.').slice(0, 2).join('.')}.`],
  ['another room in it', (_claims, token) => tampered(token, { room: 'bharattelemed-p1-d1-1' })],
  ['another user in it', (_claims, token) => tampered(token, { context: { user: { id: 'doctor-77', name: 'D' } } })],
  ['the algorithm none', (claims) => `${base64({ alg: 'none', typ: 'JWT', kid: KID })}.${base64(claims)}.`],
  ['the public key as a shared secret', (claims) => signedByPublicKey(claims)],
  ['a key of somebody else', (claims) => signedByStranger(claims)],
  ['a key that nobody knows', (claims) => signed(claims, { kid: `${APP_ID}/other-key` })],
  ['the kid of another AppID', (claims) => signed(claims, { kid: 'vpaas-magic-cookie-0/test-key' })],
  ['no kid', (claims) => signed(claims, { kid: undefined })],
  ['another type', (claims) => signed(claims, { typ: 'checkpoint+jwt' })],
  ['no type', (claims) => signed(claims, { typ: undefined })],
  ['another issuer', (claims) => signed({ ...claims, iss: 'other' })],
  ['another audience', (claims) => signed({ ...claims, aud: 'other' })],
  ['a list as its audience', (claims) => signed({ ...claims, aud: ['jitsi'] })],
  ['another subject', (claims) => signed({ ...claims, sub: 'vpaas-magic-cookie-0' })],
  ['a room that is no text', (claims) => signed({ ...claims, room: ['*'] })],
  ['every room', (claims) => signed({ ...claims, room: '*' })],
  ['a room without a consultation', (claims) => signed({ ...claims, room: 'bharattelemed-p1-d1-1' })],
  ['a user without an id', (claims) => signed({ ...claims, context: { user: { name: 'A Name' } } })],
  ['no context', (claims) => signed({ ...claims, context: undefined })],
  ['no id', (claims) => signed(without(claims, 'jti'))],
  ['no end', (claims) => signed(without(claims, 'exp'))],
  ['no beginning', (claims) => signed(without(claims, 'nbf'))],
  ['no time of issue', (claims) => signed(without(claims, 'iat'))],
  ['a beginning in the future', (claims) => signed({ ...claims, nbf: START / 1000 + 1 })],
  ['an end more than ten minutes ago', (claims) => signed({ ...claims, exp: START / 1000 - 601 })],
  ['administration', (claims) => signed({ ...without(without(claims, 'room'), 'context'), admin: true })],
]

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const without = (claims: JWTPayload, name: string): JWTPayload =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name))

function tampered(token: string, change: object): string {
  const [header, , signature] = token.split('.')
  return `${header}.${base64({ ...decodeJwt(token), ...change })}.${signature}`
}

const publicPem = () => createPublicKey(testKeyPem()).export({ type: 'spki', format: 'pem' })

const signedByPublicKey = (claims: JWTPayload) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: KID }).sign(Buffer.from(publicPem()))

async function signedByStranger(claims: JWTPayload): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    true,
    ['sign', 'verify'],
  )
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KID }).sign(privateKey)
}

describe('renewing', () => {
  it('refuses everything that is not a token of this service alike, and records nothing of it', async () => {
    const { renew, token, entries, logLines, client, roomId, parts } = await inside()
    const claims = decodeJwt(token)
    expect((await renew(await signed(claims))).status).toBe(200)
    const before = entries().length
    const answers = []
    for (const [name, make] of WRONG) {
      const { status, body, headers } = await renew(await make(claims, token))
      const { requestId: _id, ...said } = body as unknown as Record<string, unknown>
      answers.push({ name, status, said, challenge: headers['www-authenticate'] })
    }
    const [first] = answers
    expect(first).toMatchObject({
      status: 401,
      said: { code: 'token-not-renewable' },
      challenge: 'Bearer realm="jitsi-token-service", error="invalid_token"',
    })
    expect(answers).toStrictEqual(WRONG.map(([name]) => ({ ...first, name })))
    await parts.failures.flush()
    const recorded = entries().slice(before)
    // Those with a valid signature have an entry each; the others are counted in one.
    const genuine = ['every room', 'a room without a consultation', 'a beginning in the future']
    const named = [...genuine, 'an end more than ten minutes ago']
    expect(recorded.filter((entry) => 'room' in entry)).toHaveLength(named.length)
    const anonymous = recorded.filter((entry) => !('room' in entry))
    for (const entry of anonymous)
      expect(entry).toMatchObject({ caller: '-', action: 'token.renew', outcome: 'refused' })
    expect(anonymous.map(({ count = 1 }) => count)).toStrictEqual([1, WRONG.length - named.length - 1])
    // A token that a caller with a room pattern got for a room without a consultation.
    const { token: foreign } = await client.issueToken({
      ...OBSERVER,
      roomId: `${roomId}-x`,
      userRole: 'observer',
    })
    expect(await renew(foreign)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
    const written = `${logLines.join('')}${JSON.stringify(entries())}`
    for (const part of [token.split('.')[2] ?? '', token.split('.')[1] ?? '', 'A Student', 'student@example.org'])
      expect(written).not.toContain(part)
  })

  it('works until ten minutes after the expiry of a token', async () => {
    const { renew, token, time } = await inside()
    time.now = START + 30 * MINUTE_MS
    expect((await renew(token)).status).toBe(200)
    time.now += 1000
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
  })

  it('limits invalid tokens of a client address, and still renews a valid one', async () => {
    const { renew, token } = await inside(undefined, { ...UNLIMITED, RATE_LIMIT_FAILED_LOGINS: '2' })
    const codes = []
    for (const each of ['a', 'b', 'c', token]) codes.push((await renew(each)).body.code)
    expect(codes).toStrictEqual(['token-not-renewable', 'token-not-renewable', 'rate-limited', undefined])
  })

  it('does not count a genuine token that expired too long ago as a failed login, and records whose it was', async () => {
    const { renew, token, time, entries } = await inside(undefined, { ...UNLIMITED, RATE_LIMIT_FAILED_LOGINS: '1' })
    time.now = START + 31 * MINUTE_MS
    for (let i = 0; i < 3; i += 1) expect((await renew(token)).body.code).toBe('token-not-renewable')
    expect(entries().at(-1)).toMatchObject({ action: 'token.renew', outcome: 'refused', renews: jtiOf(token) })
    expect((await renew('a')).body.code).toBe('token-not-renewable')
    expect((await renew('b')).body.code).toBe('rate-limited')
  })

  it('records and counts a second renewal of a token more than a minute after the first', async () => {
    const { renew, token, time, entries, app } = await inside(undefined, UNLIMITED)
    const reuses = () => entries().filter(({ action }) => action === 'token.reuse')
    for (const afterMs of [0, 1, 60_000]) {
      time.now = START + afterMs
      expect((await renew(token)).status).toBe(200)
    }
    expect(reuses()).toStrictEqual([])
    time.now = START + 60_001
    const { status, body } = await renew(token)
    expect(status).toBe(200)
    expect(reuses()).toMatchObject([{ outcome: 'done', renews: jtiOf(token), user_id: OBSERVER.userId }])
    expect((await renew(body.token)).status).toBe(200)
    expect(reuses()).toHaveLength(1)
    expect((await scrape(app)).body).toContain('jts_renewal_reuses_total 1')
  })

  it('never gives a first renewal that expires before the token it replaces', async () => {
    const { renew, token, time } = await inside(undefined, UNLIMITED)
    const claims = decodeJwt(token)
    for (const seconds of [301, 359, 1199, 1201]) {
      const own = await signed({ ...claims, jti: `jti-${seconds}`, exp: (claims.iat ?? 0) + seconds })
      time.now = START + 1000
      expect(decodeJwt((await renew(own)).body.token).exp).toBeGreaterThanOrEqual((claims.iat ?? 0) + seconds)
    }
  })

  it('counts against the limit of the user', async () => {
    const { renew, token } = await inside(undefined, { ...UNLIMITED, RATE_LIMIT_PER_USER: '3' })
    const statuses = []
    for (let i = 0; i < 4; i += 1) statuses.push((await renew(token)).status)
    expect(statuses).toStrictEqual([200, 200, 429, 429])
  })

  it.each([
    ['end', 'consultation-ended'],
    ['cancel', 'consultation-cancelled'],
  ])('is over at the %s of the consultation', async (how, code) => {
    const { renew, token, desk, id, entries } = await inside()
    await desk('POST', `/consultations/${id}/${how}`)
    expect(await renew(token)).toMatchObject({ status: 409, body: { code } })
    expect(entries().at(-1)).toMatchObject({
      caller: 'desk-backend',
      action: 'token.renew',
      outcome: 'refused',
      code,
      renews: jtiOf(token),
      consultation: id,
    })
  })

  it('is refused to removed participants, and to participants with another role since', async () => {
    const { renew, token, desk, id, time, entries, request } = await inside()
    const two = [
      { userId: VISIT.doctorId, role: 'doctor' },
      { userId: VISIT.patientId, role: 'patient' },
    ]
    const change = async (version: number, participants: object[]) => {
      time.now += MINUTE_MS
      const headers = { 'if-match': `"${version}"` }
      const changed = await desk('PATCH', `/consultations/${id}`, { participants }, headers)
      expect(changed.status).toBe(200)
    }
    await change(1, [...two, { userId: OBSERVER.userId, role: 'doctor' }])
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
    expect(entries().at(-1)).toMatchObject({ renews: jtiOf(token), consultation: id, user_id: 'observer-1' })
    await change(2, two)
    expect(await renew(token)).toMatchObject({ status: 403, body: { code: 'not-a-participant' } })
    // A participant who was added again needs a new token; the old one remains invalid.
    await change(3, [...two, { userId: OBSERVER.userId, role: 'observer' }])
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
    const { body } = await desk<Tokened>('POST', '/token', request)
    expect((await renew(body.token)).status).toBe(200)
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
  })

  it('ends with the invitation that the token came from, even if the user has entered in another way since', async () => {
    const { desk, visit, time, nobody } = await startVisits()
    const { id, roomId } = await visit()
    time.now = START
    const invitations = `/consultations/${id}/invitations`
    const request = { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' }
    const invited = await desk<{ id: string; code: string }>('POST', invitations, request)
    const stolen = await nobody<Tokened>('POST', '/invitations/redeem', { code: invited.body.code })
    await desk('DELETE', `${invitations}/${invited.body.id}`)
    time.now += 1000
    const { body } = await desk<Tokened>('POST', '/token', { roomId, userId: VISIT.patientId, userName: 'Asha Rao' })
    const renew = (token: string) => nobody('POST', '/token/renew', { token })
    expect(await renew(stolen.body.token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
    expect(await renew(body.token)).toMatchObject({ status: 200 })
  })

  it('makes no moderator from a token that a caller got for any room', async () => {
    const { desk, visit, time, nobody, app } = await startVisits()
    const { roomId } = await visit()
    time.now = START
    const doctor = { roomId, userId: VISIT.doctorId, userName: 'D' }
    expect(await desk('POST', '/token', doctor)).toMatchObject({ status: 200 })
    const asPatient = { ...doctor, userRole: 'patient' }
    const { body } = await asking(app, CLINIC.apiKey)<Tokened>('POST', '/token', asPatient)
    expect(await nobody('POST', '/token/renew', { token: body.token })).toMatchObject({
      status: 401,
      body: { code: 'token-not-renewable' },
    })
  })

  it('works for a participant who was added in the same second as the token', async () => {
    const { desk, visit, time, nobody } = await startVisits()
    time.now = START + 300
    const { roomId } = await visit({ startsAt: undefined })
    time.now += 200
    const { body } = await desk<Tokened>('POST', '/token', { roomId, userId: VISIT.doctorId, userName: 'D' })
    expect(await nobody('POST', '/token/renew', { token: body.token })).toMatchObject({ status: 200 })
  })

  it('keeps participants without admission in the waiting room', async () => {
    const { renew, token, desk, id } = await inside()
    await desk('PATCH', `/consultations/${id}`, { waitingRoom: true }, { 'if-match': '"1"' })
    expect(await renew(token)).toMatchObject({ status: 202, body: { state: 'waiting', consultationId: id } })
    await desk('POST', `/consultations/${id}/admit`, { userId: OBSERVER.userId })
    expect((await renew(token)).status).toBe(200)
  })

  it.each<[string, (desk: Caller) => Caller | undefined]>([
    ['is in the policy no more', () => undefined],
    ['may ask for tokens no more', (desk) => ({ ...desk, scopes: new Set(['audit:read'] as const) })],
    ['may ask for this role no more', (desk) => ({ ...desk, roles: new Set(['doctor']) })],
    ['has a pattern of rooms now', (desk) => ({ ...desk, rooms: /^.*$/u })],
  ])('ends when the caller that requested the token %s', async (_what, change) => {
    const state = { changed: false }
    const { renew, token } = await inside((parts) => ({
      policy: () => (state.changed ? withDesk(parts.policy(), change) : parts.policy()),
    }))
    expect((await renew(token)).status).toBe(200)
    state.changed = true
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
  })

  it('checks that the invitation is still valid', async () => {
    const state = { holds: true, asked: [] as string[] }
    const { renew, token, parts, id, entries } = await inside(() => ({
      mayStillRequest: async (via) => (state.asked.push(via), state.holds),
    }))
    const consultation = await parts.consultations.findById(id)
    const participant = consultation?.participants.find(({ userId }) => userId === OBSERVER.userId)
    if (participant === undefined) throw new Error('nobody is there')
    await parts.consultations.enter(id, participant, 'invitation:i-1', START)
    expect((await renew(token)).status).toBe(200)
    expect(entries().at(-1)).toMatchObject({ caller: 'invitation:i-1', action: 'token.renew' })
    state.holds = false
    expect(await renew(token)).toMatchObject({ status: 401, body: { code: 'token-not-renewable' } })
    expect(state.asked).toStrictEqual(['invitation:i-1', 'invitation:i-1'])
  })

  it('requires a token and nothing else in its body', async () => {
    const { nobody, app } = await inside()
    for (const body of [{}, { token: '' }, { token: 'x'.repeat(16_001) }, { token: 1 }, { token: 'x', more: 1 }])
      expect(await nobody('POST', '/token/renew', body)).toMatchObject({ status: 400 })
    // A credential is neither required nor used.
    const clinic = asking(app, CLINIC.apiKey)
    expect(await clinic('POST', '/token/renew', { token: 'x' })).toMatchObject({ status: 401 })
  })

  it('is counted by its outcome', async () => {
    const { renew, token, app } = await inside()
    await renew(token)
    await renew('x')
    const { body } = await scrape(app)
    expect(body).toContain('jts_renewals_total{outcome="issued"} 1\n')
    expect(body).toContain('jts_renewals_total{outcome="refused"} 1\n')
    expect(body).toContain('jts_renewals_total{outcome="waiting"} 0\n')
  })
})

function withDesk(policy: Policy, change: (desk: Caller) => Caller | undefined): Policy {
  const callers = new Map(policy.callers)
  const desk = callers.get('desk-backend')
  const changed = desk === undefined ? undefined : change(desk)
  callers.delete('desk-backend')
  return { ...policy, callers: changed === undefined ? callers : callers.set('desk-backend', changed) }
}
