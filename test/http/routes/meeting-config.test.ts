import { describe, expect, it } from 'vitest'
import { NETWORKS } from '../../../src/contract/meetings/meeting-config.ts'
import { CLINIC, DOCTOR, PATIENT, POLICY, startService, WARD } from '../../kit.ts'
import { MEETING_CONFIGS } from '../../support/meeting-literals.ts'
import { policyWithIssuer, startIssuer } from '../../support/oidc.ts'

async function start(env: Record<string, string> = {}, policy = POLICY) {
  const service = await startService(env, undefined, policy)
  const get = (query: string, key = CLINIC.apiKey) =>
    service.app.inject({ url: `/api/jitsi/meeting-config${query}`, headers: { authorization: `Bearer ${key}` } })
  return { ...service, get }
}

describe('GET /api/jitsi/meeting-config', () => {
  it('returns the configuration of each role on each network, and records nothing', async () => {
    const { client, get, entries } = await start()
    for (const role of ['doctor', 'patient'] as const) {
      for (const network of NETWORKS) {
        expect(await client.meetingConfig({ role, network })).toStrictEqual(MEETING_CONFIGS[role][network])
      }
    }
    const answer = await get('?role=doctor')
    expect(answer.json()).toStrictEqual(MEETING_CONFIGS.doctor.good)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(entries()).toStrictEqual([])
  })

  it('returns the same configuration as the token answer, for any meeting settings of the role', async () => {
    const policy = POLICY.replace(
      'features: [send-groupchat] }',
      'features: [send-groupchat], meeting: { toolbar: { add: [toggle-camera], remove: [raisehand] }, mediaPath: bridge, maxHeight: 1080, avatars: true, subject: "Ward 7 — Ärzte", logoUrl: "https://example.org/l.svg" } }',
    )
    const { client } = await start({}, policy)
    for (const request of [DOCTOR, PATIENT]) {
      const { meeting, userRole } = await client.issueToken(request)
      const { domain: _, roomName: _room, scriptUrl: _script, ...config } = meeting
      expect(await client.meetingConfig({ role: userRole })).toStrictEqual(config)
    }
    const { configOverwrite } = await client.meetingConfig({ role: 'patient', network: 'good' })
    expect(configOverwrite).toMatchObject({
      toolbarButtons: ['microphone', 'camera', 'toggle-camera', 'chat', 'videoquality', 'settings', 'hangup'],
      p2p: { enabled: false },
      resolution: 1080,
      videoQuality: { vp8: { maxBitratesVideo: { fullHd: 3000000 } } },
      disableThirdPartyRequests: false,
      localSubject: 'Ward 7 — Ärzte',
      defaultLogoUrl: 'https://example.org/l.svg',
    })
  })

  it.each([
    ['', '/query/role', 'is missing'],
    ['?network=good', '/query/role', 'is missing'],
    ['?role=', '/query/role', 'must be one of the roles'],
    ['?role=Doctor', '/query/role', 'must be one of the roles'],
    ['?role=nurse', '/query/role', 'must be one of the roles'],
    ['?role=constructor', '/query/role', 'must be one of the roles'],
    [`?role=${'a'.repeat(33)}`, '/query/role', 'must be one of the roles'],
    ['?role=doctor&role=patient', '/query/role', 'must be one of the roles'],
    ['?role=doctor&network=', '/query/network', 'must be one of good, fair, poor'],
    ['?role=doctor&network=bad', '/query/network', 'must be one of good, fair, poor'],
    ['?role=doctor&network=good&network=good', '/query/network', 'must be one of good, fair, poor'],
    ['?role=doctor&room=x', '/query/room', 'is not a field of this request'],
  ])('refuses %s', async (query, pointer, message) => {
    const { get, entries } = await start()
    const answer = await get(query)
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: [{ pointer, message: expect.stringContaining(message) as string }],
    })
    expect(entries()).toMatchObject([{ caller: 'clinic-backend', outcome: 'refused', code: 'invalid-request' }])
  })

  it('only returns roles that the caller may request', async () => {
    const { get, clientOf, entries } = await start()
    expect((await get('?role=doctor', WARD.apiKey)).json()).toMatchObject({ status: 403, code: 'role-not-allowed' })
    expect(entries()).toMatchObject([{ caller: 'ward-backend', role: 'doctor', code: 'role-not-allowed' }])
    expect(await clientOf(WARD.apiKey).meetingConfig({ role: 'patient' })).toStrictEqual(MEETING_CONFIGS.patient.good)
  })

  it('returns the own role to a signed-in user', async () => {
    const issuer = await startIssuer()
    const { get } = await start({ NODE_ENV: 'test' }, policyWithIssuer(issuer.url))
    const accessToken = await issuer.sign()
    expect((await get('?role=patient&network=poor', accessToken)).json()).toStrictEqual(MEETING_CONFIGS.patient.poor)
    expect((await get('?role=doctor', accessToken)).json()).toMatchObject({ status: 403, code: 'role-not-allowed' })
  })

  it('requires a credential with the scope, and counts against the limit of the caller', async () => {
    const { get } = await start({}, POLICY.replaceAll('tokens:issue', 'audit:read'))
    expect((await get('?role=doctor')).json()).toMatchObject({ status: 403, code: 'scope-missing' })
    expect((await get('?role=doctor', 'x')).json()).toMatchObject({ status: 401, code: 'unauthenticated' })
    const limited = await start({ RATE_LIMIT_PER_CALLER: '1' })
    expect((await limited.get('?role=doctor')).statusCode).toBe(200)
    const refused = await limited.get('?role=doctor')
    expect(refused.json()).toMatchObject({ status: 429, code: 'rate-limited' })
    expect(refused.headers['ratelimit-policy']).toContain('"caller";q=1;w=60')
    await expect(limited.client.issueToken(DOCTOR)).rejects.toMatchObject({ code: 'rate-limited' })
  })
})
