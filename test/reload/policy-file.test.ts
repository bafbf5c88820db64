import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { BUILT_IN_POLICY, type PolicyFile } from '../../src/contract/policy/policy.ts'
import { parsePolicy, PolicyError, readPolicyFile } from '../../src/reload/policy-file.ts'
import { POLICY, tempFile } from '../kit.ts'

const HASH = 'a1'.repeat(32)
const good: PolicyFile = {
  ...BUILT_IN_POLICY,
  callers: [{ id: 'clinic-backend', apiKeySha256: [HASH], roles: ['doctor', 'patient'], scopes: ['tokens:issue'] }],
}
const [doctor, caller] = [good.roles['doctor'], good.callers?.[0]]

const faultsOf = async (text: string): Promise<readonly string[]> => {
  try {
    await parsePolicy(text)
  } catch (error) {
    if (error instanceof PolicyError) return error.errors
    throw error
  }
  return []
}
const withRole = (change: object) => stringify({ ...good, roles: { ...good.roles, doctor: { ...doctor, ...change } } })
const withCaller = (change: object) => stringify({ ...good, callers: [{ ...caller, ...change }] })

describe('a policy file', () => {
  it('is read as it stands', async () => {
    expect(await parsePolicy(stringify(good))).toStrictEqual(good)
    expect(Object.keys((await parsePolicy(POLICY)).roles)).toStrictEqual(['doctor', 'patient', 'observer'])
  })

  it.each([
    ['an unknown member', stringify({ ...good, issuer: 'x' }), '/issuer: is not allowed here'],
    ['an unknown member of a role', withRole({ admin: true }), '/roles/doctor/admin: is not allowed here'],
    ['an unknown member of a caller', withCaller({ room: 'x' }), '/callers/0/room: is not allowed here'],
    [
      'an unknown member of lifetimeMinutes',
      withRole({ lifetimeMinutes: { default: 90, max: 90, min: 5 } }),
      '/roles/doctor/lifetimeMinutes/min: is not allowed here',
    ],
    [
      'an unknown feature',
      withRole({ features: ['recording', 'recordings'] }),
      '/roles/doctor/features/1: must be one of branding,',
    ],
    [
      'a feature twice',
      withRole({ features: ['recording', 'recording'] }),
      '/roles/doctor/features: must be a list of unique features',
    ],
    ['a moderator that is a text', withRole({ moderator: 'true' }), '/roles/doctor/moderator: must be true or false'],
    ['a role without a moderator', withRole({ moderator: undefined }), '/roles/doctor/moderator: is missing'],
    [
      'a role that is null',
      stringify({ ...good, roles: { ...good.roles, doctor: null } }),
      '/roles/doctor: must be { moderator',
    ],
    [
      'a lifetime of 4 minutes',
      withRole({ lifetimeMinutes: { default: 4, max: 90 } }),
      '/roles/doctor/lifetimeMinutes/default: must be a whole number',
    ],
    [
      'a lifetime of a week',
      withRole({ lifetimeMinutes: { default: 90, max: 10_080 } }),
      '/roles/doctor/lifetimeMinutes/max: must be a whole number',
    ],
    [
      'a lifetime of 60.5 minutes',
      withRole({ lifetimeMinutes: { default: 60.5, max: 90 } }),
      '/roles/doctor/lifetimeMinutes/default: must be a whole number',
    ],
    [
      'a default above the maximum',
      withRole({ lifetimeMinutes: { default: 91, max: 90 } }),
      '/roles/doctor/lifetimeMinutes/default: must be at most max',
    ],
    [
      'a role in upper case',
      stringify({ ...good, roles: { ...good.roles, Nurse: doctor } }),
      '/roles/Nurse: is not allowed here',
    ],
    ['no roles', stringify({ ...good, roles: {} }), '/roles: must be at least one role'],
    ['nobody who may ask', stringify({ ...good, callers: [] }), '/callers: add a caller, or an issuer'],
    ['no callers at all', stringify(BUILT_IN_POLICY), '/callers: add a caller, or an issuer'],
    [
      'a role that nobody defines',
      withCaller({ roles: ['doctor', 'nurse'] }),
      '/callers/0/roles/1: names a role that /roles does not define',
    ],
    [
      'a role called toString',
      withCaller({ roles: ['toString'] }),
      '/callers/0/roles/0: names a role that /roles does not define',
    ],
    ['an unknown scope', withCaller({ scopes: ['tokens:*'] }), '/callers/0/scopes/0: must be one of tokens:issue'],
    ['no scopes', withCaller({ scopes: [] }), '/callers/0/scopes: must be a list of one or more unique scopes'],
    [
      'a hash of 63 digits',
      withCaller({ apiKeySha256: [HASH.slice(1)] }),
      '/callers/0/apiKeySha256/0: must be 64 hex digits',
    ],
    [
      'an API key for a hash',
      withCaller({ apiKeySha256: [`jts_clinic-backend_${'A'.repeat(43)}`] }),
      '/callers/0/apiKeySha256/0: must be 64 hex digits',
    ],
    ['a hash that is a number', withCaller({ apiKeySha256: [12] }), '/callers/0/apiKeySha256/0: must be 64 hex digits'],
    [
      'a hash twice',
      stringify({ ...good, callers: [caller, { ...caller, id: 'b', apiKeySha256: [HASH.toUpperCase()] }] }),
      '/callers/1/apiKeySha256/0: is used by another entry',
    ],
    [
      'a caller twice',
      stringify({ ...good, callers: [caller, { ...caller, apiKeySha256: ['b2'.repeat(32)] }] }),
      '/callers/1/id: is used by another caller',
    ],
    ['a caller with a blank', withCaller({ id: 'a b' }), '/callers/0/id: must be 1 to 64 characters'],
    [
      'a pattern that does not compile',
      stringify({ ...good, rooms: { pattern: '^(a' } }),
      '/rooms/pattern: does not compile',
    ],
    [
      'a pattern that compiles only in a group',
      stringify({ ...good, rooms: { pattern: 'a)|(?:b' } }),
      '/rooms/pattern: does not compile',
    ],
    [
      'a pattern with nested repeats',
      stringify({ ...good, rooms: { pattern: '^(a+)+$' } }),
      '/rooms/pattern: takes exponential time',
    ],
    ['a pattern with ambiguous choices', withCaller({ rooms: '^(a|a)*$' }), '/callers/0/rooms: takes exponential time'],
    [
      'a pattern with nested repeats of a class',
      withCaller({ rooms: '^bharattelemed(-?[a-z0-9]+)*$' }),
      '/callers/0/rooms: takes exponential time',
    ],
    ['a pattern of high degree', withCaller({ rooms: '^.*a.*b.*c.*$' }), '/callers/0/rooms: takes polynomial time'],
    [
      'a pattern of 257 characters',
      withCaller({ rooms: 'a'.repeat(257) }),
      '/callers/0/rooms: must be consultations, or a regular expression of 1 to 256 characters',
    ],
    ['a list', '[]', '/: must be { rooms, window?, roles, callers?, issuers? }'],
    ['nothing', '', '/: must be { rooms, window?, roles, callers?, issuers? }'],
    ['broken YAML', 'rooms: {', 'line 1: is not valid YAML'],
    ['a key twice', 'rooms: 1\nrooms: 2\n', 'line 2: is not valid YAML (DUPLICATE_KEY)'],
    ['an alias of nothing', `${stringify(good)}b: *x\n`, 'is not valid YAML'],
    [
      'aliases without end',
      `a: &a [x]\n${['b', 'c', 'd', 'e'].map((name, index) => `${name}: &${name} [${`*${'abcd'[index]},`.repeat(9)}]\n`).join('')}`,
      'an alias is undefined or expands too far',
    ],
    ['a tag', 'rooms: !!js/function x', 'line 1: is not valid YAML'],
  ])('with %s is refused with its path', async (_what, text, fault) => {
    const faults = await faultsOf(text)
    // The analysis of a pattern has a time limit, which a busy machine reaches.
    const undecided = fault.replace(/takes (?:exponential|polynomial) time/, 'cannot be proven to be fast')
    expect(faults.join('\n').replace(undecided, fault)).toContain(fault)
    expect(faults.every((each) => each.endsWith('.'))).toBe(true)
  })

  const ISSUER = {
    issuer: 'https://id.example.org',
    audience: 'a',
    algorithms: ['RS256', 'EdDSA'],
    roleClaim: 'roles',
    roles: { gp: 'doctor' },
    nameClaim: 'name',
    rooms: 'own',
  }
  const withIssuer = (change: object) => stringify({ ...good, issuers: [{ ...ISSUER, ...change }] })
  const withKey = (change: object) => withCaller({ apiKeySha256: [{ sha256: HASH, ...change }] })

  const prefixed = (name: string) => ({ ...ISSUER, issuer: `https://${name}.example.org`, userIdPrefix: `${name}:` })

  it('may name issuers beside callers or without any, and keys with their times', async () => {
    const texts = [
      withIssuer({}),
      withIssuer({ jwksUri: 'https://id.example.org/keys', requiredAcr: ['urn:mfa'], rooms: 'bharattelemed-.*' }),
      stringify({ ...BUILT_IN_POLICY, issuers: [ISSUER] }),
      withKey({ notBefore: '2026-11-23T09:00:00Z', notAfter: '2027-11-23T14:30:00.5+05:30' }),
      withCaller({ lifetimeMinutes: { max: 30 }, ratePerMinute: 60 }),
      withIssuer({
        userIdPrefix: 'clinic:',
        clients: ['page'],
        accessToken: { claim: { name: 'typ', values: ['Bearer'] } },
      }),
      stringify({ ...good, issuers: [prefixed('a'), { ...prefixed('b'), accessToken: { scope: 'consultations' } }] }),
    ]
    for (const text of texts) expect(await faultsOf(text)).toStrictEqual([])
  })

  it.each([
    [
      'an issuer without TLS',
      withIssuer({ issuer: 'http://id.example.org' }),
      '/issuers/0/issuer: must be an https URL',
    ],
    [
      'keys without TLS',
      withIssuer({ jwksUri: 'http://id.example.org/k' }),
      '/issuers/0/jwksUri: must be an https URL',
    ],
    ['an issuer that is no URL', withIssuer({ issuer: 'id.example.org' }), '/issuers/0/issuer: must be an https URL'],
    [
      'an issuer with a query',
      withIssuer({ issuer: 'https://id.example.org?x' }),
      '/issuers/0/issuer: must be an https URL',
    ],
    ['the algorithm HS256', withIssuer({ algorithms: ['HS256'] }), '/issuers/0/algorithms/0: must be one of RS256'],
    ['the algorithm none', withIssuer({ algorithms: ['none'] }), '/issuers/0/algorithms/0: must be one of RS256'],
    [
      'no algorithm',
      withIssuer({ algorithms: [] }),
      '/issuers/0/algorithms: must be a list of one or more unique algorithms',
    ],
    [
      'a role that nobody defines',
      withIssuer({ roles: { 'a/b': 'nurse' } }),
      '/issuers/0/roles/a~1b: names a role that /roles',
    ],
    ['no audience', withIssuer({ audience: undefined }), '/issuers/0/audience: is missing'],
    ['an acr with a quote', withIssuer({ requiredAcr: ['a"b'] }), '/issuers/0/requiredAcr'],
    ['rooms that take exponential time', withIssuer({ rooms: '(a+)+' }), '/issuers/0/rooms: takes exponential time'],
    ['an unknown member of an issuer', withIssuer({ secret: 'x' }), '/issuers/0/secret: is not allowed here'],
    [
      'several issuers of which one has no userIdPrefix',
      stringify({ ...good, issuers: [prefixed('a'), { ...prefixed('b'), userIdPrefix: undefined }] }),
      '/issuers/1/userIdPrefix: is required with several issuers',
    ],
    [
      'two issuers with one userIdPrefix',
      stringify({ ...good, issuers: [prefixed('a'), { ...prefixed('b'), userIdPrefix: 'a:' }] }),
      '/issuers/1/userIdPrefix: is used by another issuer',
    ],
    ...['', ':', 'a', 'a:b:', 'A:', 'a b:', '-a:', `${'a'.repeat(32)}:`].map((prefix) => [
      `the userIdPrefix ${JSON.stringify(prefix)}`,
      withIssuer({ userIdPrefix: prefix }),
      '/issuers/0/userIdPrefix: must be 1 to 31 characters',
    ]),
    ...['JWT', 'jwt', 'application/jwt'].map((typ) => [
      `the type ${typ} for access tokens`,
      withIssuer({ accessToken: { typ } }),
      '/issuers/0/accessToken/typ: does not tell access tokens from other tokens',
    ]),
    ['accessToken without a condition', withIssuer({ accessToken: {} }), '/issuers/0/accessToken: must be {'],
    ['no clients', withIssuer({ clients: [] }), '/issuers/0/clients: must be a list of 1 to 64'],
    [
      'an issuer twice',
      stringify({ ...good, issuers: [ISSUER, ISSUER] }),
      '/issuers/1/issuer: is used by another issuer',
    ],
    [
      'a time that is none',
      withKey({ notAfter: '2026-13-45T09:00:00Z' }),
      '/callers/0/apiKeySha256/0/notAfter: must be a date',
    ],
    [
      'a time without a zone',
      withKey({ notAfter: '2026-11-23T09:00:00' }),
      '/callers/0/apiKeySha256/0: must be 64 hex digits',
    ],
    [
      'times the wrong way round',
      withKey({ notBefore: '2026-11-23T09:00:00Z', notAfter: '2026-11-23T09:00:00Z' }),
      '/callers/0/apiKeySha256/0/notAfter: must be later',
    ],
    ['a rate of none', withCaller({ ratePerMinute: 0 }), '/callers/0/ratePerMinute: must be a whole number'],
    [
      'a lifetime with a default',
      withCaller({ lifetimeMinutes: { default: 5, max: 9 } }),
      '/callers/0/lifetimeMinutes/default: is not allowed',
    ],
  ])('with %s is refused too', async (_what, text, fault) => {
    expect((await faultsOf(text)).join('\n')).toContain(fault)
  })

  it('may name issuers without TLS in development', async () => {
    const text = withIssuer({ issuer: 'http://127.0.0.1:4000', jwksUri: 'http://127.0.0.1:4000/jwks' })
    await expect(parsePolicy(text, true)).resolves.toBeDefined()
  })

  it('tells every fault at once, those of shape and those of meaning', async () => {
    const text = stringify({
      rooms: { pattern: '^(a+)+$' },
      roles: { doctor: { ...doctor, moderator: 1, features: ['nonsense'] } },
      callers: [{ ...caller, roles: ['nurse'], apiKeySha256: ['x'], extra: 1 }],
      more: 1,
    })
    expect(
      (await faultsOf(text)).map((fault) => fault.split(':')[0]).toSorted((a = '', b = '') => (a < b ? -1 : 1)),
    ).toStrictEqual([
      '/callers/0/apiKeySha256/0',
      '/callers/0/extra',
      '/callers/0/roles/0',
      '/more',
      '/roles/doctor/features/0',
      '/roles/doctor/moderator',
      '/rooms/pattern',
    ])
  })

  it('never quotes a value', async () => {
    const faults = await faultsOf(
      withCaller({ apiKeySha256: ['jts_canary'], roles: ['canary'], rooms: '(canary', id: 'CANARY' }),
    )
    expect(faults.length).toBeGreaterThanOrEqual(4)
    expect(faults.join('\n').toLowerCase()).not.toContain('canary')
  })

  it('takes patterns that are linear, or quadratic on 128 characters', async () => {
    for (const rooms of [
      '^bharattelemed-.*$',
      '^bharattelemed-.*-.*$',
      '(?=.*x)[a-z-]+',
      'bharattelemed-(?:a|b|c)-\\d{1,6}',
    ]) {
      expect(await faultsOf(withCaller({ rooms }))).toStrictEqual([])
    }
  })

  it('whatever the text, is a policy or a list of faults', async () => {
    const structured = fc.json().map((json) => stringify(JSON.parse(json)))
    const damaged = fc
      .tuple(fc.nat({ max: POLICY.length }), fc.string({ maxLength: 3 }))
      .map(([at, text]) => POLICY.slice(0, at) + text + POLICY.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), structured, damaged), async (text) => {
        const faults = await faultsOf(text)
        const members = faults.length > 0 ? [] : Object.keys(await parsePolicy(text))
        expect(members).toStrictEqual(faults.length > 0 ? [] : ['rooms', 'roles', 'callers'])
      }),
      { numRuns: 60 },
    )
  })

  it('that cannot be read, or is wrong, is told with its name', async () => {
    await expect(readPolicyFile('/nowhere/policy.yaml')).rejects.toMatchObject({
      errors: ['POLICY_FILE /nowhere/policy.yaml: does not exist; mount the file there, or correct the path.'],
    })
    const path = tempFile('policy.yaml', 'rooms: {}')
    await expect(readPolicyFile(path)).rejects.toMatchObject({
      errors: expect.arrayContaining([`POLICY_FILE ${path}: /rooms/pattern: is missing.`]) as string[],
    })
  })
})
