import { describe, expect, it } from 'vitest'
import {
  BUILT_IN_POLICY,
  type CallerPolicy,
  type IssuerPolicy,
  type PolicyFile,
} from '../../../src/contract/policy/policy.ts'
import { policyWarnings } from '../../../src/rules/policy/warnings.ts'

const caller = (id: string, rooms?: string): CallerPolicy => ({
  id,
  apiKeySha256: [],
  roles: ['doctor'],
  scopes: ['tokens:issue'],
  ...(rooms === undefined ? {} : { rooms }),
})
const issuer = (url: string, role: string): IssuerPolicy => ({
  ...{ issuer: url, audience: 'a', algorithms: ['RS256'], roleClaim: 'r', nameClaim: 'n', rooms: 'own' },
  roles: { claimValue: role },
})
const about = (change: Partial<PolicyFile>, template = 'v-{random}') => {
  const rooms = { pattern: '^[a-z0-9]{32,64}$', template }
  return [...policyWarnings({ ...BUILT_IN_POLICY, rooms, ...change })].join('\n')
}

describe('a policy with consultations', () => {
  it('gets a warning about a template without a random part', () => {
    const callers = [caller('a', 'consultations')]
    expect(about({ callers })).toBe('')
    expect(about({ callers }, 'v-{hash}')).toBe('')
    for (const template of ['v-{timestamp}', 'bharattelemed-{patientId}-{doctorId}-{timestamp}']) {
      expect(about({ callers }, template)).toContain('rooms.template creates names that can be guessed')
    }
    const rooms = { pattern: '^[a-z0-9]{32,64}$' }
    expect(about({ callers, rooms })).toContain('rooms.template creates names that can be guessed')
  })

  it('gets a warning about callers that are not limited to consultations', () => {
    expect(about({ callers: [caller('a', 'consultations'), caller('b', '^v-.*$')] })).toContain(
      'callers: b may request',
    )
    expect(about({ callers: [caller('b', '^v-.*$')] }, 'v-{timestamp}')).toBe('')
  })

  it('names issuers whose access tokens are recognized by accessToken', () => {
    const weak = { ...issuer('https://a', 'doctor'), accessToken: { scope: 'consultations' } }
    expect(about({ issuers: [weak] })).toContain('issuers: access tokens of https://a are recognized by accessToken')
    expect(about({ issuers: [issuer('https://b', 'patient')] })).toBe('')
  })
})
