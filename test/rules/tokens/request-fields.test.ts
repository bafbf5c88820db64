import { expect, it } from 'vitest'
import { BUILT_IN_POLICY } from '../../../src/contract/policy/policy.ts'
import type { TokenRequest } from '../../../src/contract/tokens/token.ts'
import { createCaller, createPolicy } from '../../../src/rules/policy/policy.ts'
import { claimsOf } from '../../../src/rules/tokens/claims.ts'
import { jaas } from '../../../src/rules/tokens/deployment.ts'
import { evaluate } from '../../../src/rules/tokens/evaluate.ts'
import { renewalRequest } from '../../../src/rules/tokens/renewal.ts'
import { readCarriedFields, REQUEST_FIELDS } from '../../../src/rules/tokens/request-fields.ts'
import { APP_ID, NOW } from '../../kit.ts'

/** A request with every field. */
const REQUEST: Required<TokenRequest> = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'patient-1042',
  userName: 'Asha Rao',
  userEmail: 'asha@example.org',
  userAvatar: 'https://cdn.example.org/a.png',
  userRole: 'patient',
  expirationMinutes: 60,
}

const patient = BUILT_IN_POLICY.roles['patient']
if (patient === undefined) throw new Error('the built-in policy has patients')
const policy = createPolicy({ ...BUILT_IN_POLICY, roles: { patient: { ...patient, shareEmail: true } } })
const caller = createCaller({ id: 'clinic', apiKeySha256: [], roles: ['patient'], scopes: ['tokens:issue'] })

function issue(request: TokenRequest): Record<string, unknown> {
  const decision = evaluate(policy, caller, request, undefined, NOW)
  if (!('room' in decision)) throw new Error('not granted')
  return { ...claimsOf(jaas(APP_ID, '8x8.vc'), decision, NOW, 'jti-1') }
}

const carried = Object.entries(REQUEST_FIELDS).flatMap(([field, path]) => (path === undefined ? [] : [field]))

it('every field with a claim arrives in the claims as it was requested', () => {
  const { userRole: _role, expirationMinutes: _minutes, ...expected } = REQUEST
  expect(carried.toSorted()).toStrictEqual(Object.keys(expected).toSorted())
  expect(readCarriedFields(issue(REQUEST))).toStrictEqual(expected)
})

it('a renewal requests every field again, except the role, which the consultation names', () => {
  const fields = readCarriedFields(issue(REQUEST))
  if (fields === undefined) throw new Error('no fields')
  const times = { issuedAt: NOW, validFrom: NOW, expiresAt: NOW + 3_600_000, lifetimeSeconds: 3600 }
  const token = { jti: 'jti-1', ...times, fields, moderator: false }
  const { userRole: _role, ...expected } = REQUEST
  expect(renewalRequest(policy, caller, token, 'patient')).toStrictEqual(expected)
})

it.each(['roomId', 'userId', 'userName'] as const)('claims without %s are no request', (field) => {
  const claims = issue(REQUEST)
  const [first, ...rest] = REQUEST_FIELDS[field]
  if (rest.length === 0) delete claims[first]
  else delete (claims['context'] as { user: Record<string, unknown> }).user[rest[1] ?? '']
  expect(readCarriedFields(claims)).toBeUndefined()
})
