import { createPublicKey } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { APP_ID, brokenAt, CLINIC, DOCTOR, PATIENT, startService, testKeyPem, WARD } from '../../kit.ts'
import { MEETING_CONFIGS } from '../../support/meeting-literals.ts'

const HEX_SHA256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string

const ALL_OFF = {
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
}

describe('POST /api/jitsi/token', () => {
  it('returns the complete answer for a doctor', async () => {
    const { client } = await startService()
    const { token, ...answer } = await client.issueToken(DOCTOR)
    expect(answer).toStrictEqual({
      expiresAt: '2026-11-23T10:30:00.000Z',
      roomId: 'bharattelemed-p1042-d77-1764000000',
      userRole: 'doctor',
      moderator: true,
      meeting: {
        domain: '8x8.vc',
        roomName: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/bharattelemed-p1042-d77-1764000000',
        scriptUrl: 'https://8x8.vc/vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/external_api.js',
        ...MEETING_CONFIGS.doctor.good,
      },
    })
    expect(token.split('.')).toHaveLength(3)
  })

  it('signs exactly this header and these claims for a doctor', async () => {
    const { client } = await startService()
    const { token } = await client.issueToken(DOCTOR)
    expect(decodeProtectedHeader(token)).toStrictEqual({
      alg: 'RS256',
      typ: 'JWT',
      kid: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/test-key',
    })
    expect(decodeJwt(token)).toStrictEqual({
      aud: 'jitsi',
      iss: 'chat',
      sub: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe',
      room: 'bharattelemed-p1042-d77-1764000000',
      iat: 1795424400,
      nbf: 1795424390,
      exp: 1795429800,
      jti: '00000000-0000-4000-8000-000000000002',
      context: {
        user: { id: 'doctor-77', name: 'Dr. Meera Iyer', moderator: true },
        features: {
          ...ALL_OFF,
          recording: true,
          transcription: true,
          'screen-sharing': true,
          'file-upload': true,
          'send-groupchat': true,
          'create-polls': true,
        },
        room: { regex: false },
      },
    })
  })

  it('signs exactly these claims for a patient: no moderator, no feature but the chat', async () => {
    const { client } = await startService()
    const { token, moderator } = await client.issueToken({
      ...PATIENT,
      userAvatar: 'https://images.example.org/a.png?s=64',
      userEmail: 'asha@example.org',
      expirationMinutes: 5,
    })
    expect(moderator).toBe(false)
    expect(decodeJwt(token)).toStrictEqual({
      aud: 'jitsi',
      iss: 'chat',
      sub: APP_ID,
      room: 'bharattelemed-p1042-d77-1764000000',
      iat: 1795424400,
      nbf: 1795424390,
      exp: 1795424700,
      jti: '00000000-0000-4000-8000-000000000002',
      context: {
        user: {
          id: 'patient-1042',
          name: 'Asha Rao',
          moderator: false,
          avatar: 'https://images.example.org/a.png?s=64',
        },
        features: { ...ALL_OFF, 'send-groupchat': true },
        room: { regex: false },
      },
    })
  })

  it('creates a signature that verifies with the public key, and only with these claims', async () => {
    const { client } = await startService()
    const { token } = await client.issueToken(DOCTOR)
    const publicKey = createPublicKey(testKeyPem())
    const { protectedHeader } = await compactVerify(token, publicKey, { algorithms: ['RS256'] })
    expect(protectedHeader.alg).toBe('RS256')
    const [header, claims = '', signature] = token.split('.')
    const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('doctor-77', 'doctor-78'))
    await expect(compactVerify(`${header}.${forged.toString('base64url')}.${signature}`, publicKey)).rejects.toThrow(
      'signature verification failed',
    )
  })

  it('contains the e-mail only if the policy of the role allows it', async () => {
    const { client } = await startService()
    const userEmail = 'someone@example.org'
    const observer = await client.issueToken({ ...PATIENT, userRole: 'observer', userEmail })
    const doctor = await client.issueToken({ ...DOCTOR, userEmail })
    expect(decodeJwt(observer.token)).toMatchObject({ context: { user: { email: 'someone@example.org' } } })
    expect(JSON.stringify(decodeJwt(doctor.token))).not.toContain('someone')
  })

  it('trims the name and normalizes it to NFC', async () => {
    const { client } = await startService()
    const { token } = await client.issueToken({ ...DOCTOR, userName: '  Rene\u0301e \u0926\u0947\u0935  ' })
    expect(decodeJwt(token)).toMatchObject({ context: { user: { name: 'Ren\u00e9e \u0926\u0947\u0935' } } })
  })

  it('keeps the largest possible token under 8 kB', async () => {
    const { client } = await startService()
    const { token } = await client.issueToken({
      roomId: `bharattelemed-${'a'.repeat(128 - 14)}`,
      userId: 'u'.repeat(128),
      userName: '\u{1f9d1}'.repeat(128),
      userEmail: `${'l'.repeat(64)}@${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(60)}.in`,
      userAvatar: `https://images.example.org/${'a'.repeat(2048 - 27)}`,
      userRole: 'observer',
    })
    expect(token.length).toBeGreaterThan(4000)
    expect(token.length).toBeLessThan(8192)
  })

  it('preserves quotes and backslashes in a name', async () => {
    const { client } = await startService()
    const userName = `Dr${'\\"'.repeat(63)}`
    const { token } = await client.issueToken({ ...DOCTOR, userName })
    expect(decodeJwt(token)).toMatchObject({ context: { user: { name: userName } } })
  })

  it('records the token before it answers', async () => {
    const { client, entries } = await startService()
    await client.issueToken({ ...DOCTOR, userEmail: 'meera@example.org' })
    const [entry, ...others] = entries()
    expect(others).toStrictEqual([])
    expect(entry).toStrictEqual({
      chain: expect.any(String) as string,
      sequence: 3,
      time: 1795424400000,
      request_id: '00000000-0000-4000-8000-000000000001',
      address: '127.0.0.0/24',
      caller: 'clinic-backend',
      action: 'token.issue',
      outcome: 'issued',
      room: 'bharattelemed-p1042-d77-1764000000',
      user_id: 'doctor-77',
      role: 'doctor',
      jti: '00000000-0000-4000-8000-000000000002',
      kid: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/test-key',
      lifetime_seconds: 5400,
      previous_hash: HEX_SHA256,
      hash: HEX_SHA256,
    })
  })

  it('gives every token its own jti', async () => {
    const { client } = await startService()
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.issueToken(DOCTOR)))
    expect(new Set(answers.map(({ token }) => decodeJwt(token).jti)).size).toBe(20)
  })

  it('reports the limits and forbids caching', async () => {
    const { app } = await startService()
    const answer = await app.inject({
      method: 'POST',
      url: '/api/jitsi/token',
      headers: { authorization: `Bearer ${CLINIC.apiKey}` },
      payload: DOCTOR,
    })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'ratelimit-policy': '"address";q=1200;w=60, "caller";q=600;w=60',
      ratelimit: '"address";r=1199;t=1, "caller";r=599;t=1',
      'x-request-id': '00000000-0000-4000-8000-000000000001',
    })
  })
})

describe('an authenticated caller', () => {
  it('is refused a role that it may not request, and the refusal is recorded', async () => {
    const { clientOf, entries } = await startService()
    const request = { ...DOCTOR, roomId: 'bharattelemed-ward-7' }
    await expect(clientOf(WARD.apiKey).issueToken(request)).rejects.toMatchObject({
      status: 403,
      code: 'role-not-allowed',
    })
    expect(entries()).toMatchObject([
      {
        caller: 'ward-backend',
        outcome: 'refused',
        code: 'role-not-allowed',
        room: 'bharattelemed-ward-7',
        user_id: 'doctor-77',
        role: 'doctor',
      },
    ])
  })

  it('is refused rooms outside its pattern, and gets rooms inside it', async () => {
    const { clientOf, entries } = await startService()
    const ward = clientOf(WARD.apiKey)
    await expect(ward.issueToken(PATIENT)).rejects.toMatchObject({ status: 403, code: 'room-not-allowed' })
    await ward.issueToken({ ...PATIENT, roomId: 'bharattelemed-ward-7' })
    expect(entries().map(({ outcome, code }) => [outcome, code])).toStrictEqual([
      ['refused', 'room-not-allowed'],
      ['issued', undefined],
    ])
  })

  it('is refused a route whose scope it lacks, and the refusal is recorded', async () => {
    const { client, entries } = await startService({}, ({ callers }) => ({
      callers: {
        authenticate: async (credential) => ({ ...(await callers.authenticate(credential)), scopes: new Set() }),
      },
    }))
    await expect(client.issueToken(DOCTOR)).rejects.toMatchObject({ status: 403, code: 'scope-missing' })
    expect(entries()).toMatchObject([{ caller: 'clinic-backend', outcome: 'refused', code: 'scope-missing' }])
  })

  it('gets all field errors at once, each with its pointer and rule', async () => {
    const { client, entries } = await startService()
    const asked = client.issueToken({ ...DOCTOR, roomId: 'other-1', userRole: 'nurse' })
    await expect(asked).rejects.toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: [
        { pointer: '/roomId', message: 'must match the room pattern of the policy' },
        { pointer: '/userRole', message: 'must be one of the roles of the policy' },
      ],
    })
    expect(entries()).toMatchObject([{ outcome: 'refused', code: 'invalid-request', role: 'nurse', room: 'other-1' }])
  })

  it.each([
    ['patient', 120, 121],
    ['doctor', 240, 241],
    ['observer', 30, 31],
  ])('gets a %s at most %i minutes, not %i', async (userRole, most, tooMany) => {
    const { client } = await startService()
    const { expiresAt } = await client.issueToken({ ...DOCTOR, userRole, expirationMinutes: most })
    expect(Date.parse(expiresAt) - 1_795_424_400_000).toBe(most * 60_000)
    await expect(client.issueToken({ ...DOCTOR, userRole, expirationMinutes: tooMany })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/expirationMinutes', message: `must be at most ${most} minutes for this caller and role` }],
    })
  })

  it('leaves a valid hash chain of tokens and refusals', async () => {
    const { client, clientOf, entries, allEntries } = await startService()
    const asking = Array.from({ length: 30 }, (_, index) =>
      (index % 3 === 0 ? clientOf(WARD.apiKey) : client).issueToken(DOCTOR).catch(() => undefined),
    )
    await Promise.all(asking)
    expect(entries()).toHaveLength(30)
    expect(brokenAt(allEntries())).toBeUndefined()
  })
})
