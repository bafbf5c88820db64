import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccessTokenPolicy } from '../../../src/contract/policy/access-token-policy.ts'
import { rejectAccessToken } from '../../../src/rules/policy/access-token.ts'

const AT = { alg: 'RS256', typ: 'at+jwt' }
const CLAIMS = { sub: 'user-7', scope: 'openid consultations' }

describe('a token of type at+jwt (RFC 9068)', () => {
  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('%s is an access token', (typ) => {
    expect(rejectAccessToken({}, { typ }, CLAIMS)).toBeUndefined()
  })

  it.each([
    undefined,
    'JWT',
    'application/jwt',
    '',
    'id_token',
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'refresh+jwt',
    7,
  ])('%j is not one without accessToken in the policy', (typ) => {
    expect(rejectAccessToken({}, { ...AT, typ }, CLAIMS)).toBe('typ')
  })

  it.each([
    ['nonce', 'n'],
    ['nonce', null],
    ['at_hash', 'h'],
    ['c_hash', 'h'],
    ['s_hash', 'h'],
    ['events', { 'http://schemas.openid.net/event/backchannel-logout': {} }],
    ['cnf', { jkt: 'thumbprint' }],
    ['cnf', { 'x5t#S256': 'thumbprint' }],
    ['typ', 'ID'],
    ['typ', 'Refresh'],
    ['typ', 'Offline'],
    ['typ', 'Logout'],
    ['typ', ['Bearer']],
    ['token_use', 'id'],
    ['token_use', 'refresh'],
    ['token_type', 'refresh_token'],
    ['use', 'id'],
  ])('is never accepted with %s %j, whatever the policy says', (name, value) => {
    const everything = { typ: 'at+jwt', claim: { name: 'sub', values: ['user-7'] }, scope: 'consultations' }
    for (const accessToken of [undefined, everything]) {
      const rules = accessToken === undefined ? {} : { accessToken }
      expect(rejectAccessToken(rules, AT, { ...CLAIMS, [name]: value })).toBe('kind')
    }
  })

  it.each([
    ['typ', 'Bearer'],
    ['token_use', 'access'],
    ['token_type', 'access_token'],
    ['sid', 'session'],
    ['auth_time', 1],
  ])('is accepted with %s %j', (name, value) => {
    expect(rejectAccessToken({}, AT, { ...CLAIMS, [name]: value })).toBeUndefined()
  })
})

describe('accessToken of the policy', () => {
  const check = (accessToken: AccessTokenPolicy, header: object, claims: object) =>
    rejectAccessToken({ accessToken }, { alg: 'RS256', ...header }, { sub: 'user-7', ...claims })
  const KEYCLOAK: AccessTokenPolicy = { claim: { name: 'typ', values: ['Bearer'] } }
  const ENTRA: AccessTokenPolicy = { scope: 'access_as_user' }
  const OKTA: AccessTokenPolicy = { typ: 'application/okta-internal-at+jwt' }

  it.each<[string, AccessTokenPolicy, object, object, string | undefined]>([
    ['Keycloak: access token', KEYCLOAK, { typ: 'JWT' }, { typ: 'Bearer', azp: 'page' }, undefined],
    ['Keycloak: ID token', KEYCLOAK, { typ: 'JWT' }, { typ: 'ID', azp: 'page' }, 'kind'],
    ['Keycloak: refresh token', KEYCLOAK, { typ: 'JWT' }, { typ: 'Refresh' }, 'kind'],
    ['Keycloak: no typ claim', KEYCLOAK, { typ: 'JWT' }, {}, 'access-token'],
    ['Keycloak: typ claim of another case', KEYCLOAK, { typ: 'JWT' }, { typ: 'bearer' }, 'access-token'],
    ['Entra: access token', ENTRA, { typ: 'JWT' }, { scp: 'access_as_user profile' }, undefined],
    ['Entra: ID token', ENTRA, { typ: 'JWT' }, { nonce: 'x' }, 'kind'],
    ['Entra: ID token without nonce', ENTRA, { typ: 'JWT' }, {}, 'access-token'],
    ['Auth0 classic: access token', ENTRA, { typ: 'JWT' }, { scope: 'openid access_as_user' }, undefined],
    ['a scope that only begins like it', ENTRA, { typ: 'JWT' }, { scope: 'access_as_user_2' }, 'access-token'],
    ['a list of scopes', ENTRA, {}, { scope: ['openid', 'access_as_user'] }, undefined],
    ['a type of its own', OKTA, { typ: 'application/okta-internal-at+jwt' }, {}, undefined],
    ['its type in another case', OKTA, { typ: 'Application/Okta-internal-AT+JWT' }, {}, undefined],
    ['another type', OKTA, { typ: 'JWT' }, {}, 'typ'],
    ['no type', OKTA, {}, {}, 'typ'],
    ['a logout token', KEYCLOAK, { typ: 'logout+jwt' }, { typ: 'Bearer' }, 'typ'],
    ['at+jwt needs no further condition', KEYCLOAK, { typ: 'at+jwt' }, {}, undefined],
  ])('%s', (_name, accessToken, header, claims, reason) => {
    expect(check(accessToken, header, claims)).toBe(reason)
  })

  it('needs every condition that it names', () => {
    const both: AccessTokenPolicy = { claim: { name: 'groups', values: ['a', 'b'] }, scope: 's' }
    expect(check(both, {}, { groups: ['x', 'b'], scope: 's' })).toBeUndefined()
    expect(check(both, {}, { groups: ['x'], scope: 's' })).toBe('access-token')
    expect(check(both, {}, { groups: 'a' })).toBe('access-token')
  })

  it('does not reach into the prototype of the claims', () => {
    const accessToken = { claim: { name: 'constructor', values: ['Object'] } }
    expect(check(accessToken, {}, {})).toBe('access-token')
  })
})

describe('clients of the policy', () => {
  const clients = ['page', 'app']

  it.each<[object, string | undefined]>([
    [{ azp: 'page' }, undefined],
    [{ client_id: 'app' }, undefined],
    [{ azp: 'page', client_id: 'app' }, undefined],
    [{ azp: 'page', client_id: 'other' }, 'client'],
    [{ azp: 'other' }, 'client'],
    [{ azp: ['page'] }, 'client'],
    [{}, 'client'],
  ])('%j: %s', (claims, reason) => {
    expect(rejectAccessToken({ clients }, AT, { ...CLAIMS, ...claims })).toBe(reason)
  })
})

it('an ID, logout or key-bound token is rejected under every policy and type', () => {
  const policies = fc.record(
    {
      typ: fc.constantFrom('at+jwt', 'x+jwt'),
      claim: fc.constant<NonNullable<AccessTokenPolicy['claim']>>({ name: 'typ', values: ['ID', 'Refresh', 'Bearer'] }),
      scope: fc.constantFrom('openid', 'consultations'),
    },
    { requiredKeys: [] },
  )
  const foreign = fc.constantFrom('nonce', 'at_hash', 'c_hash', 'events', 'cnf')
  const types = fc.constantFrom('at+jwt', 'JWT', 'x+jwt', undefined)
  fc.assert(
    fc.property(policies, foreign, types, fc.jsonValue(), (accessToken, name, typ, value) => {
      const header = typ === undefined ? {} : { typ }
      expect(rejectAccessToken({ accessToken }, header, { ...CLAIMS, [name]: value })).toBe('kind')
    }),
  )
})
