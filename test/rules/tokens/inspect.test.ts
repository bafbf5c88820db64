import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FEATURES } from '../../../src/contract/tokens/features.ts'
import { claimsOf, tokenHeader } from '../../../src/rules/tokens/claims.ts'
import { type Deployment, jaas, selfHosted } from '../../../src/rules/tokens/deployment.ts'
import { inspect, NOT_A_TOKEN, type TokenFacts } from '../../../src/rules/tokens/inspect.ts'
import { parseToken, unwrapToken } from '../../../src/rules/tokens/parse-token.ts'
import { APP_ID, NOW } from '../../kit.ts'

const ROOM = 'bharattelemed-p1042-d77-1764000000'
const SELF = { domain: 'meet.example.org', issuer: 'clinic', audience: 'jitsi', subject: 'meet.jitsi' } as const
const PROFILES: Record<string, Deployment> = {
  JaaS: jaas(APP_ID, '8x8.vc'),
  'self-hosted with keys': selfHosted({ ...SELF, algorithm: 'RS256' }),
  'self-hosted with a secret': selfHosted({ ...SELF, algorithm: 'HS256' }),
}

const GRANT = {
  room: ROOM,
  user: { id: 'doctor-77', name: 'Dr. Meera Iyer', email: 'meera@example.org' },
  role: 'doctor',
  rolePolicy: { moderator: true, lifetimeMinutes: { default: 90, max: 240 }, features: ['recording' as const] },
  lifetimeSeconds: 5400,
}

type Change = (parts: {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  context: Record<string, unknown>
  user: Record<string, unknown>
}) => void

/**
 * Inspects a token of the deployment after a change.
 * @returns the codes of the objections, with an exclamation mark if Jitsi refuses the token
 */
function objectionsTo(deployment: Deployment, change: Change, facts: Partial<TokenFacts> = {}): string[] {
  const made = {
    header: tokenHeader(deployment, deployment.algorithm === 'HS256' ? undefined : 'k1'),
    claims: claimsOf(deployment, GRANT, NOW, 'an-id'),
  }
  const copy = JSON.parse(JSON.stringify(made)) as { header: Record<string, unknown>; claims: Record<string, unknown> }
  const context = copy.claims['context'] as Record<string, unknown>
  change({ ...copy, context, user: context['user'] as Record<string, unknown> })
  const { objections } = inspect(
    copy,
    { characters: 1800, deployment, nowMs: NOW, signature: 'valid', ...facts },
    false,
  )
  return objections.map(({ code, severity }) => (severity === 'refused' ? `${code}!` : code))
}

const seconds = NOW / 1000
const ROWS: [what: string, change: Change, expected: string[], facts?: Partial<TokenFacts>][] = [
  ['a good token', () => undefined, []],
  ['typ missing', ({ header }) => delete header['typ'], ['typ!']],
  ['typ in lower case', ({ header }) => (header['typ'] = 'jwt'), ['typ!']],
  ['alg none', ({ header }) => (header['alg'] = 'none'), ['alg!'], { signature: 'invalid' }],
  ['alg RS512', ({ header }) => (header['alg'] = 'RS512'), ['alg!']],
  ['a bad signature', () => undefined, ['signature!'], { signature: 'invalid' }],
  ['exp as a text', ({ claims }) => (claims['exp'] = String(seconds + 60)), ['exp-not-a-number!']],
  ['nbf as a text', ({ claims }) => (claims['nbf'] = 'now'), ['nbf-not-a-number!']],
  ['exp in milliseconds', ({ claims }) => (claims['exp'] = NOW + 60_000), ['exp-in-milliseconds']],
  ['nbf in milliseconds', ({ claims }) => (claims['nbf'] = NOW), ['nbf-in-milliseconds!']],
  ['iat in milliseconds', ({ claims }) => (claims['iat'] = NOW), ['iat-in-milliseconds']],
  ['no exp', ({ claims }) => delete claims['exp'], ['exp-missing']],
  ['exp of this second', ({ claims }) => (claims['exp'] = seconds), ['expired!']],
  ['expired', ({ claims }) => (claims['exp'] = seconds - 720), ['expired!']],
  ['early', ({ claims }) => (claims['nbf'] = seconds + 5), ['early!']],
  ['aud as a list', ({ claims }) => (claims['aud'] = ['jitsi']), ['aud-list!']],
  ['aud of another', ({ claims }) => (claims['aud'] = 'zoom'), ['aud!']],
  ['no aud', ({ claims }) => delete claims['aud'], ['aud!']],
  ['iss of another', ({ claims }) => (claims['iss'] = 'me'), ['iss!']],
  ['sub of another', ({ claims }) => (claims['sub'] = 'vpaas-magic-cookie-00'), ['sub!']],
  ['no sub', ({ claims }) => delete claims['sub'], ['sub-missing!']],
  ['admin', ({ claims }) => (claims['admin'] = true), ['admin']],
  ['no room', ({ claims }) => delete claims['room'], ['room-missing!']],
  ['room as a list', ({ claims }) => (claims['room'] = [ROOM]), ['room-not-a-text!']],
  ['room in upper case', ({ claims }) => (claims['room'] = 'Bharattelemed-A'), ['room-upper-case']],
  ['room percent-encoded', ({ claims }) => (claims['room'] = 'caf%c3%a9'), ['room-percent-encoded']],
  ['room encoded without need', ({ claims }) => (claims['room'] = 'a%62c'), ['room-percent-encoded!']],
  ['room with a brace', ({ claims }) => (claims['room'] = 'a{b}'), ['room-characters!']],
  ['room empty', ({ claims }) => (claims['room'] = ''), ['room-empty!']],
  ['room of 1,024 bytes', ({ claims }) => (claims['room'] = 'é'.repeat(512)), ['room-too-long!']],
  ['room of 1,023 bytes', ({ claims }) => (claims['room'] = 'a'.repeat(1023)), []],
  ['room with a colon', ({ claims }) => (claims['room'] = 'a:b'), ['room-characters!']],
  ['room with a blank', ({ claims }) => (claims['room'] = 'a b'), ['room-characters!']],
  ['room in Unicode', ({ claims }) => (claims['room'] = 'café'), ['room-not-ascii!']],
  ['room *', ({ claims }) => (claims['room'] = '*'), ['room-wildcard']],
  [
    'a pattern',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = 'team%-1')),
    ['room-pattern'],
  ],
  [
    'a pattern of another language',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = 'team-(a|b)\\d{2}')),
    [
      'room-pattern',
      'room-pattern-backslash',
      'room-pattern-alternation',
      'room-pattern-count',
      'room-pattern-capture',
      'room-pattern-hyphen',
    ],
  ],
  [
    'a pattern that is broad',
    ({ claims, context }) => ((context['room'] = { regex: 'true' }), (claims['room'] = 'team.*')),
    ['room-pattern', 'room-pattern-broad'],
  ],
  [
    'a pattern of many repeats',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = 'a+b+c+d+')),
    ['room-pattern', 'room-pattern-repeats!'],
  ],
  [
    'a long pattern',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = 'a'.repeat(129))),
    ['room-pattern', 'room-pattern-long!'],
  ],
  ['no context', ({ claims }) => delete claims['context'], ['context-missing']],
  ['a user that is a text', ({ context }) => (context['user'] = 'Meera'), ['user-not-an-object!']],
  ['moderator "True"', ({ user }) => (user['moderator'] = 'True'), ['moderator']],
  ['moderator 1', ({ user }) => (user['moderator'] = 1), ['moderator']],
  ['moderator "true"', ({ user }) => (user['moderator'] = 'true'), []],
  ['moderator outside the user', ({ claims }) => (claims['moderator'] = true), ['moderator-misplaced']],
  [
    'an unknown feature',
    ({ context }) => ((context['features'] as Record<string, unknown>)['token_bypass'] = true),
    ['feature-unknown'],
  ],
  [
    'a feature that is "yes"',
    ({ context }) => ((context['features'] as Record<string, unknown>)['recording'] = 'yes'),
    ['feature-value'],
  ],
  ['no features', ({ context }) => delete context['features'], ['features-missing']],
  [
    'no screen-sharing',
    ({ context }) => delete (context['features'] as Record<string, unknown>)['screen-sharing'],
    ['screen-sharing-absent'],
  ],
  ['a user that is null', ({ context }) => (context['user'] = null), ['null!']],
  ['a room that is null', ({ claims }) => (claims['room'] = null), ['null!']],
  ['an avatar that is null', ({ user }) => (user['avatar'] = null), ['null-ignored']],
  ['exp that is null', ({ claims }) => (claims['exp'] = null), ['exp-not-a-number!']],
  ['exp that is false', ({ claims }) => (claims['exp'] = false), ['exp-not-a-number', 'exp-missing']],
  ['iat as a text', ({ claims }) => (claims['iat'] = 'now'), ['iat-not-a-number']],
  ['iat that is null', ({ claims }) => (claims['iat'] = null), ['iat-not-a-number']],
  ['a context that is a text', ({ claims }) => (claims['context'] = 'x'), ['context-not-an-object!']],
  ['a context that is a number', ({ claims }) => (claims['context'] = 7), ['context-not-an-object!']],
  ['a context that is a list', ({ claims }) => (claims['context'] = []), ['context-not-an-object!']],
  ['a context that is null', ({ claims }) => (claims['context'] = null), ['null!']],
  ['a group that is null', ({ context }) => (context['group'] = null), ['null!']],
  ['a group that is a number', ({ context }) => (context['group'] = 7), ['group-not-a-text!']],
  ['a group that is a text', ({ context }) => (context['group'] = 'ward'), []],
  ['a tenant that is null', ({ context }) => (context['tenant'] = null), ['tenant-not-a-text!']],
  ['a tenant that is an object', ({ context }) => (context['tenant'] = {}), ['tenant-not-a-text!']],
  ['a context.room that is a text', ({ context }) => (context['room'] = 'x'), ['context-room-not-an-object!']],
  ['a context.room that is null', ({ context }) => (context['room'] = null), ['context-room-not-an-object!']],
  ['features that are null', ({ context }) => (context['features'] = null), ['features-missing']],
  ['an unknown claim that is null', ({ claims }) => (claims['nickname'] = null), ['null-ignored']],
  ['a control character in the name', ({ user }) => (user['name'] = 'A\u0007'), ['user-characters!']],
  ['DEL in the name', ({ user }) => (user['name'] = 'A\u007f'), ['user-characters!']],
  ['a noncharacter in the name', ({ user }) => (user['name'] = 'A\ufdd0'), ['user-characters!']],
  ['a noncharacter of another plane', ({ user }) => (user['name'] = 'A\u{1fffe}'), ['user-characters!']],
  ['half a surrogate pair in the name', ({ user }) => (user['name'] = 'A\ud800'), ['user-characters!']],
  ['a control character in another member', ({ user }) => (user['ward'] = '\0'), ['user-characters!']],
  ['a line break and an emoji in the name', ({ user }) => (user['name'] = 'A\n👩🏽‍⚕️'), []],
  ['a wrapped token', () => undefined, ['unwrapped'], { isUnwrapped: true }],
  [
    'a pattern that is *',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = '*')),
    ['room-wildcard'],
  ],
  [
    'a pattern with quantifiers in a set',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = '[*+?-]+x%*%-[a-z]')),
    ['room-pattern'],
  ],
  [
    'an invalid pattern',
    ({ claims, context }) => ((context['room'] = { regex: true }), (claims['room'] = 'team[a')),
    ['room-pattern', 'invalid-regex!'],
  ],
  ['8.2 kB', () => undefined, ['large'], { characters: 8193 }],
  ['9.6 kB', () => undefined, ['too-large!'], { characters: 9600 }],
]
const KEY_ROWS: typeof ROWS = [
  ['no kid', ({ header }) => delete header['kid'], ['kid-missing!'], { signature: 'unknown-key' }],
  ['a key that is not published', () => undefined, ['key-unknown!'], { signature: 'unknown-key' }],
  [
    'a kid that is null',
    ({ header }) => (header['kid'] = null),
    ['key-unknown!', 'null!'],
    { signature: 'unknown-key' },
  ],
]

describe.each(Object.entries(PROFILES))('for %s', (_name, deployment) => {
  it.each(deployment.algorithm === 'HS256' ? ROWS : [...ROWS, ...KEY_ROWS])('%s', (_what, change, expected, facts) => {
    expect(objectionsTo(deployment, change, facts)).toStrictEqual(expected)
  })
})

describe('the feature name-readonly', () => {
  const set = (value: unknown): Change => {
    return ({ context }) => ((context['features'] as Record<string, unknown>)['name-readonly'] = value)
  }
  it.each(Object.entries(PROFILES))('is known for self-hosted Jitsi only: %s', (_name, deployment) => {
    const isKnown = deployment.kind === 'self-hosted'
    expect(objectionsTo(deployment, set(true))).toStrictEqual(isKnown ? [] : ['feature-unknown'])
    expect(objectionsTo(deployment, set(false))).toStrictEqual(isKnown ? [] : ['feature-unknown'])
    expect(objectionsTo(deployment, set('true'))).toStrictEqual([isKnown ? 'feature-value' : 'feature-unknown'])
    const claims = claimsOf(deployment, GRANT, NOW, 'j')
    const facts: TokenFacts = { characters: 1, deployment, nowMs: NOW, signature: 'valid' }
    const { says } = inspect({ header: {}, claims: { ...claims } }, facts, false)
    expect(says.features).toStrictEqual(isKnown ? ['recording', 'name-readonly'] : ['recording'])
  })
})

describe('sub on a self-hosted Jitsi', () => {
  const subjects: Record<string, [verified: string[], tenant: string[], unverified: string[]]> = {
    'MEET.JITSI': [['sub-upper-case'], ['sub!'], ['sub-unchecked']],
    'CLINIC-A': [['sub!'], ['sub-upper-case'], ['sub-unchecked']],
    '*': [['sub!'], ['sub-wildcard'], ['sub-unchecked']],
    other: [['sub!'], ['sub!'], ['sub-unchecked']],
  }
  it.each(Object.entries(subjects))('%s', (sub, expected) => {
    const found = [
      selfHosted({ ...SELF, algorithm: 'RS256' }),
      selfHosted({ ...SELF, subject: 'clinic-a', algorithm: 'RS256' }),
      selfHosted({ ...SELF, algorithm: 'RS256', verifiesDomain: false }),
    ].map((deployment) => objectionsTo(deployment, ({ claims }) => (claims['sub'] = sub)))
    expect(found).toStrictEqual(expected)
  })

  it('must be there, even if it is not compared', () => {
    const deployment = selfHosted({ ...SELF, algorithm: 'RS256', verifiesDomain: false })
    expect(objectionsTo(deployment, ({ claims }) => delete claims['sub'])).toStrictEqual(['sub-missing!'])
  })
})

describe('a given room', () => {
  const other = ['room-mismatch!']
  it.each([
    [ROOM, ROOM, []],
    [ROOM, ROOM.toUpperCase(), []],
    [ROOM, `${APP_ID}/${ROOM}`, []],
    [ROOM, `/${APP_ID}/${ROOM}`, []],
    [ROOM, 'other-room', other],
    [ROOM, ROOM.slice(0, -1), other],
    ['caf%c3%a9', 'café', ['room-percent-encoded']],
    ['CAF%C3%A9', 'cafe\u0301', ['room-upper-case', 'room-percent-encoded']],
    ['caf%c3%a9', 'cafe', ['room-percent-encoded', ...other]],
    ['*', 'any', ['room-wildcard']],
  ])('%j for %j', (claim, room, expected) => {
    const found = objectionsTo(jaas(APP_ID, '8x8.vc'), ({ claims }) => (claims['room'] = claim), { room })
    expect(found).toStrictEqual(expected)
  })

  it.each([
    ['bharattelemed%-p1042%-d77%-%d+', ROOM, []],
    ['bharattelemed%-p1042%-d77%-%d+', 'bharattelemed-p1042-d77-x', other],
    ['tealeaves', 'tealeaves-2', other],
    ['Team', 'team', other],
    ['team%-(%d)', 'team-1', ['room-pattern-capture', ...other]],
    ['%f[a]team', 'team', other],
  ])('the pattern %j for %j', (claim, room, expected) => {
    const change: Change = ({ claims, context }) => ((claims['room'] = claim), (context['room'] = { regex: true }))
    expect(objectionsTo(jaas(APP_ID, '8x8.vc'), change, { room })).toStrictEqual(['room-pattern', ...expected])
    const off = selfHosted({ ...SELF, algorithm: 'RS256', verifiesDomain: false })
    expect(objectionsTo(off, change, { room })).toContain('room-pattern-ignored')
  })

  it('has 128 characters at most for a pattern', () => {
    const change: Change = ({ claims, context }) => ((claims['room'] = 'a+'), (context['room'] = { regex: true }))
    const [longest, longer] = [128, 129].map((length) =>
      objectionsTo(jaas(APP_ID, '8x8.vc'), change, { room: 'a'.repeat(length) }),
    )
    expect([longest, longer]).toStrictEqual([['room-pattern'], ['room-pattern', 'room-too-long!']])
  })
})

describe('a moderator', () => {
  it.each(['owner', 'moderator', 'teacher'])('is who has the affiliation %s', (affiliation) => {
    for (const [name, deployment] of Object.entries(PROFILES)) {
      const claims = { ...claimsOf(deployment, GRANT, NOW, 'j') }
      const user = { id: 'u', moderator: false, affiliation }
      const facts: TokenFacts = { characters: 1, deployment, nowMs: NOW, signature: 'valid' }
      const header = { ...tokenHeader(deployment, 'k1') }
      const { says, objections } = inspect(
        { header, claims: { ...claims, context: { user, features: {} } } },
        facts,
        false,
      )
      expect(says.moderator).toBe(true)
      expect(objections.some(({ code }) => code === 'affiliation')).toBe(name === 'JaaS')
    }
  })

  it.each(['member', 'Owner', 7, null])('is not who has the affiliation %j', (affiliation) => {
    const deployment = selfHosted({ ...SELF, algorithm: 'RS256' })
    const facts: TokenFacts = { characters: 1, deployment, nowMs: NOW, signature: 'valid' }
    const { says } = inspect({ header: {}, claims: { context: { user: { affiliation } } } }, facts, false)
    expect(says.moderator).toBe(false)
  })
})

describe('for JaaS only', () => {
  const deployment = PROFILES['JaaS'] ?? jaas('', '')

  it('a kid of another AppID, and a room with the AppID before it', () => {
    expect(
      objectionsTo(deployment, ({ header }) => (header['kid'] = 'vpaas-magic-cookie-00/k1'), {
        signature: 'unknown-key',
      }),
    ).toStrictEqual(['kid-foreign!'])
    expect(objectionsTo(deployment, ({ claims }) => (claims['room'] = `${APP_ID}/${ROOM}`))).toStrictEqual([
      'room-prefixed!',
    ])
  })

  it('contains durations in the messages', () => {
    const parts = {
      header: { alg: 'RS256', typ: 'JWT', kid: `${APP_ID}/k1` },
      claims: { ...claimsOf(deployment, GRANT, NOW - 6_120_000, 'j') },
    }
    const { objections } = inspect(parts, { characters: 1, deployment, nowMs: NOW, signature: 'valid' }, false)
    expect(objections).toStrictEqual([
      { code: 'expired', severity: 'refused', message: 'The token expired 12 minutes ago; request a new one.' },
    ])
  })

  it('masks personal data unless the caller requests it', () => {
    const parts = { header: tokenHeader(deployment, 'k1'), claims: { ...claimsOf(deployment, GRANT, NOW, 'an-id') } }
    const facts: TokenFacts = { characters: 1, deployment, nowMs: NOW, signature: 'valid' }
    const common = {
      kid: `${APP_ID}/k1`,
      room: ROOM,
      notBefore: '2026-11-23T08:59:50.000Z',
      expiresAt: '2026-11-23T10:30:00.000Z',
      jti: 'an-id',
      moderator: true,
      features: ['recording'],
    }
    expect(inspect(parts, facts, false)).toStrictEqual({
      verdict: 'accepted',
      objections: [],
      says: { ...common, userId: 'd…', userName: 'D…', userEmail: 'm…' },
    })
    expect(inspect(parts, facts, true).says).toStrictEqual({
      ...common,
      userId: 'doctor-77',
      userName: 'Dr. Meera Iyer',
      userEmail: 'meera@example.org',
    })
  })
})

it('every token gets objections in sentences, and none makes the inspection throw', () => {
  const any = fc.dictionary(
    fc.constantFrom(
      'typ',
      'alg',
      'kid',
      'aud',
      'iss',
      'sub',
      'room',
      'exp',
      'nbf',
      'iat',
      'context',
      'user',
      'features',
      'moderator',
      '__proto__',
      ...FEATURES,
    ),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(any, any, any, fc.boolean(), (header, claims, context, show) => {
      const deployment = jaas(APP_ID, '8x8.vc')
      const result = inspect(
        { header, claims: { ...claims, context } },
        { characters: 1, deployment, nowMs: NOW, signature: 'invalid' },
        show,
      )
      expect(result.verdict).toBe('refused')
      for (const { message, code } of result.objections) {
        expect(message).toMatch(/\.$/)
        expect(code).toMatch(/^[a-z-]+$/)
      }
    }),
  )
})

it('a text that is not a token is reported as such', () => {
  fc.assert(fc.property(fc.string(), (text) => void (parseToken(text) === undefined || text.split('.').length === 3)))
  for (const text of ['', 'a', 'a.b', 'a.b.c', 'e30.e30', 'e30.W10.x', '....', 'bnVsbA.e30.x'])
    expect(parseToken(text)).toBeUndefined()
  expect(parseToken('e30.e30.')).toStrictEqual({ header: {}, claims: {} })
  expect(NOT_A_TOKEN.objections[0]?.code).toBe('not-a-token')
})

it.each([
  ['e30.e30.x', 'e30.e30.x'],
  [' e30.e30.x\r\n', 'e30.e30.x'],
  ['"e30.e30.x"', 'e30.e30.x'],
  ["'e30.e30.x',", 'e30.e30.x'],
  ['Bearer e30.e30.x', 'e30.e30.x'],
  ['\ufeff\u201cbearer  e30.e30.x\u201d', 'e30.e30.x'],
  ['Bearer', 'Bearer'],
  ['e30. e30.x', 'e30. e30.x'],
])('%j is unwrapped to %j', (text, token) => {
  expect(unwrapToken(text)).toBe(token)
})
