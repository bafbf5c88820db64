import { createHmac, createPublicKey } from 'node:crypto'
import { compactVerify, createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { DOCTOR, PATIENT, POLICY, startService, testKeyPem } from '../kit.ts'
import { MEETING_CONFIGS } from '../support/meeting-literals.ts'

const SELF = {
  JITSI_DEPLOYMENT: 'self-hosted',
  JITSI_DOMAIN: 'meet.example.org',
  JITSI_APP_ID: 'clinic',
  JAAS_APP_ID: '',
}
const SECRET = 'a secret of more than thirty-two bytes'

describe('self-hosted Jitsi with keys', () => {
  it('gets the kid as it is, the claims that Prosody checks, and a moderator that both plugins understand', async () => {
    const { client, entries } = await startService(SELF)
    const { token, meeting } = await client.issueToken(DOCTOR)
    expect(decodeProtectedHeader(token)).toStrictEqual({ alg: 'RS256', typ: 'JWT', kid: 'test-key' })
    expect(decodeJwt(token)).toStrictEqual({
      aud: 'jitsi',
      iss: 'clinic',
      sub: 'meet.example.org',
      room: DOCTOR.roomId,
      iat: 1795424400,
      nbf: 1795424390,
      exp: 1795429800,
      jti: '00000000-0000-4000-8000-000000000002',
      context: {
        user: { id: 'doctor-77', name: 'Dr. Meera Iyer', moderator: true, affiliation: 'owner' },
        features: {
          branding: false,
          calendar: false,
          'create-polls': true,
          'file-upload': true,
          flip: false,
          'inbound-call': false,
          'list-visitors': false,
          'live-translation': false,
          livestreaming: false,
          lobby: false,
          moderation: false,
          'outbound-call': false,
          recording: true,
          room: false,
          'screen-sharing': true,
          'send-groupchat': true,
          'send-private-message': false,
          'sip-inbound-call': false,
          'sip-outbound-call': false,
          transcription: true,
          'name-readonly': true,
        },
        room: { regex: false },
      },
    })
    expect(meeting).toStrictEqual({
      domain: 'meet.example.org',
      roomName: DOCTOR.roomId,
      scriptUrl: 'https://meet.example.org/external_api.js',
      ...MEETING_CONFIGS.doctor.good,
    })
    expect(entries()).toMatchObject([{ kid: 'test-key', outcome: 'issued' }])
    await compactVerify(token, createPublicKey(testKeyPem()))
  })

  it('a patient is a member', async () => {
    const { client } = await startService(SELF)
    const { token } = await client.issueToken(PATIENT)
    expect(decodeJwt(token)).toMatchObject({ context: { user: { moderator: false, affiliation: 'member' } } })
  })

  it('a role can let its participants change the name, in the token and in the meeting', async () => {
    const policy = POLICY.replace('patient: { moderator: false,', 'patient: { moderator: false, nameReadonly: false,')
    const { client } = await startService(SELF, undefined, policy)
    const [doctor, patient] = [await client.issueToken(DOCTOR), await client.issueToken(PATIENT)]
    expect(decodeJwt(doctor.token)).toMatchObject({ context: { features: { 'name-readonly': true } } })
    expect(decodeJwt(patient.token)).toMatchObject({ context: { features: { 'name-readonly': false } } })
    expect(doctor.meeting.configOverwrite).toMatchObject({ readOnlyName: true })
    expect(patient.meeting.configOverwrite).toMatchObject({ readOnlyName: false })
  })

  it('takes issuer, audience and subject as they are set; a subject without a dot is a tenant with its own path', async () => {
    const { client } = await startService({
      ...SELF,
      JITSI_JWT_ISSUER: 'issuer',
      JITSI_JWT_AUDIENCE: 'clinic',
      JITSI_JWT_SUBJECT: 'ward',
    })
    const { token, meeting } = await client.issueToken(DOCTOR)
    expect(decodeJwt(token)).toMatchObject({ iss: 'issuer', aud: 'clinic', sub: 'ward' })
    expect(meeting).toStrictEqual({
      domain: 'meet.example.org',
      roomName: `ward/${DOCTOR.roomId}`,
      scriptUrl: 'https://meet.example.org/external_api.js',
      ...MEETING_CONFIGS.doctor.good,
    })
    const docker = await startService({
      ...SELF,
      JITSI_DOMAIN: 'meet.example.org:8443',
      JITSI_JWT_SUBJECT: 'meet.jitsi',
    })
    const answer = await docker.client.issueToken(DOCTOR)
    expect([decodeJwt(answer.token).sub, answer.meeting.roomName]).toStrictEqual(['meet.jitsi', DOCTOR.roomId])
    const plain = await startService({ ...SELF, JITSI_DOMAIN: 'localhost:8443' })
    expect((await plain.client.issueToken(DOCTOR)).meeting).toMatchObject({
      domain: 'localhost:8443',
      roomName: DOCTOR.roomId,
    })
  })

  it('verifies against the set and the key server', async () => {
    const { client, app } = await startService(SELF)
    const { token } = await client.issueToken(DOCTOR)
    const jwks = (await app.inject('/.well-known/jwks.json')).json<JSONWebKeySet>()
    const options = { issuer: 'clinic', audience: 'jitsi', currentDate: new Date(1_795_424_400_000) }
    await expect(jwtVerify(token, createLocalJWKSet(jwks), options)).resolves.toBeDefined()
    // sha256 of the whole kid, which is the id alone.
    const pem = await app.inject('/asap/62af8704764faf8ea82fc61ce9c4c3908b6cb97d463a634e9e587d7c885db0ef.pem')
    expect(pem.statusCode).toBe(200)
    await expect(compactVerify(token, createPublicKey(pem.body))).resolves.toBeDefined()
  })
})

describe('self-hosted Jitsi with a secret', () => {
  const env = { ...SELF, JITSI_JWT_SECRET: SECRET, KEYS_DIR: '/nowhere' }

  it('gets HS256 without a kid, and no key is needed or published', async () => {
    const { client, app, entries, logLines } = await startService(env)
    const { token } = await client.issueToken(DOCTOR)
    expect(decodeProtectedHeader(token)).toStrictEqual({ alg: 'HS256', typ: 'JWT' })
    const [header, payload, signature] = token.split('.')
    expect(createHmac('sha256', SECRET).update(`${header}.${payload}`).digest('base64url')).toBe(signature)
    expect(decodeJwt(token)).toMatchObject({ aud: 'jitsi', iss: 'clinic', sub: 'meet.example.org' })
    expect((await app.inject('/.well-known/jwks.json')).json()).toStrictEqual({ keys: [] })
    expect((await app.inject(`/asap/${'0'.repeat(64)}.pem`)).statusCode).toBe(404)
    expect((await app.inject('/readyz')).json()).toMatchObject({ ready: true })
    expect(entries()[0]?.['kid']).toBeUndefined()
    expect(logLines.join('')).not.toContain(SECRET)
  })
})

describe('the settings of a deployment', () => {
  it.each([
    [{ JITSI_DEPLOYMENT: 'self-hosted' }, ['JITSI_APP_ID', 'JITSI_DOMAIN']],
    [{ ...SELF, JITSI_JWT_SECRET: 'a'.repeat(31) }, ['JITSI_JWT_SECRET']],
    [{ JITSI_JWT_SECRET: SECRET }, ['JITSI_JWT_SECRET']],
    [{ ...SELF, JITSI_JWT_SUBJECT: '*' }, ['JITSI_JWT_SUBJECT']],
    [{ ...SELF, JITSI_APP_ID: 'a b' }, ['JITSI_APP_ID', 'JITSI_APP_ID']],
    [{ JITSI_DEPLOYMENT: 'JaaS' }, ['JITSI_DEPLOYMENT']],
  ])('%j is refused', (env, names) => {
    const { errors } = readConfig(env)
    expect(errors.map((error) => error.split(':')[0])).toStrictEqual(names)
    expect(errors.join('\n')).not.toContain(SECRET)
  })

  it('production with self-hosted Jitsi needs no AppID of JaaS', () => {
    expect(readConfig({ ...SELF, NODE_ENV: 'production', POLICY_FILE: 'p' }).errors).toStrictEqual([])
  })
})
