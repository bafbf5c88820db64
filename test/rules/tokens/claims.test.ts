import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FEATURES } from '../../../src/contract/tokens/features.ts'
import { BUILT_IN_POLICY, type RolePolicy } from '../../../src/contract/policy/policy.ts'
import { claimsOf, tokenHeader } from '../../../src/rules/tokens/claims.ts'
import { jaas, meetingOf } from '../../../src/rules/tokens/deployment.ts'
import { MEETING_CONFIGS } from '../../support/meeting-literals.ts'

const deployment = jaas('vpaas-magic-cookie-00ff', 'frankfurt.8x8.vc')

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
