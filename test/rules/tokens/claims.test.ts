import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FEATURES } from '../../../src/contract/tokens/features.ts'
import { BUILT_IN_POLICY, type RolePolicy } from '../../../src/contract/policy/policy.ts'
import { claimsOf, tokenHeader } from '../../../src/rules/tokens/claims.ts'
import { jaas, meetingOf, selfHosted } from '../../../src/rules/tokens/deployment.ts'
import { MEETING_CONFIGS } from '../../support/meeting-literals.ts'

const deployment = jaas('vpaas-magic-cookie-00ff', 'frankfurt.8x8.vc')

const prosody = selfHosted({
  ...{ domain: 'meet.example.org', issuer: 'clinic', audience: 'jitsi', subject: 'meet.jitsi', algorithm: 'RS256' },
})

const grant = fc.record({
  room: fc.stringMatching(/^[a-z0-9-]{1,128}$/),
  user: fc.record({ id: fc.string(), name: fc.string(), avatar: fc.string() }, { requiredKeys: ['id', 'name'] }),
  role: fc.string(),
  rolePolicy: fc.record({
    moderator: fc.boolean(),
    lifetimeMinutes: fc.constant({ default: 90, max: 240 }),
    features: fc.subarray([...FEATURES]),
  }),
  lifetimeSeconds: fc.integer({ min: 300, max: 86_400 }),
})

it('claims write out every feature as a boolean, hold no null, and keep their times in order', () => {
  fc.assert(
    fc.property(grant, fc.integer({ min: 0, max: 4_102_444_800_000 }), (granted, now) => {
      const claims = claimsOf(deployment, granted, now, 'id')
      expect(Object.keys(claims.context.features)).toStrictEqual([...FEATURES])
      for (const name of FEATURES) {
        expect(claims.context.features[name]).toBe(granted.rolePolicy.features.includes(name))
      }
      expect(JSON.stringify(claims)).not.toMatch(/:null[,}]/)
      expect([claims.iat, claims.nbf, claims.exp].every(Number.isInteger)).toBe(true)
      expect(claims.iat).toBe(Math.floor(now / 1000))
      expect(claims.nbf).toBe(claims.iat - 10)
      expect(claims.exp - claims.iat).toBe(granted.lifetimeSeconds)
      expect(claims.room).toBe(granted.room)
      expect(claims.context.user.moderator).toBe(granted.rolePolicy.moderator)
    }),
  )
})

it('claims for self-hosted Jitsi keep the name, unless the role says otherwise; those for JaaS do not mention it', () => {
  const roleOf = (nameReadonly: boolean | undefined) => ({
    ...{ moderator: false, lifetimeMinutes: { default: 90, max: 240 }, features: ['recording' as const] },
    ...(nameReadonly === undefined ? {} : { nameReadonly }),
  })
  for (const [nameReadonly, expected] of [
    [undefined, true],
    [true, true],
    [false, false],
  ] as const) {
    const rolePolicy = roleOf(nameReadonly)
    const granted = { room: 'r', user: { id: 'u', name: 'Asha' }, role: 'patient', rolePolicy, lifetimeSeconds: 300 }
    // Twice, in both orders: the features of a role are cached.
    for (const each of [deployment, prosody, prosody, deployment]) {
      const { features } = claimsOf(each, granted, 0, 'id').context
      const own = each === prosody ? { 'name-readonly': expected } : {}
      const listed = Object.fromEntries(FEATURES.map((name) => [name, name === 'recording']))
      expect(features).toStrictEqual({ ...listed, ...own })
    }
  }
})

it('the known features are the twenty of the Jitsi client', () => {
  expect(FEATURES).toHaveLength(20)
  expect(new Set(FEATURES).size).toBe(20)
})

it('the kid is the AppID, a slash and the id of the key; the text before the slash equals sub', () => {
  const header = tokenHeader(deployment, '0d885c-SAMPLE_APP')
  expect(header).toStrictEqual({ alg: 'RS256', typ: 'JWT', kid: 'vpaas-magic-cookie-00ff/0d885c-SAMPLE_APP' })
})

it('the meeting of a regional domain is loaded from there', () => {
  const { patient } = BUILT_IN_POLICY.roles
  expect(meetingOf(deployment, 'r', patient as RolePolicy)).toStrictEqual({
    domain: 'frankfurt.8x8.vc',
    roomName: 'vpaas-magic-cookie-00ff/r',
    scriptUrl: 'https://frankfurt.8x8.vc/vpaas-magic-cookie-00ff/external_api.js',
    ...MEETING_CONFIGS.patient.good,
  })
})
