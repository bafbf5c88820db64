import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { RejectionReason } from '../../src/contract/rejection-reason.ts'
import { createMemoryLimiter } from '../../src/limits/memory.ts'
import type { Caller } from '../../src/rules/policy/policy.ts'
import { createFailureRecorder } from '../../src/service/audit/failures.ts'
import { authenticateCaller } from '../../src/service/authenticate.ts'
import { countFailure } from '../../src/service/login-failures.ts'
import type { Rejection } from '../../src/service/ports.ts'

const CALLER: Caller = { id: 'clinic', roles: new Set(), scopes: new Set() }
const REASONS: RejectionReason[] = [
  ...(['malformed', 'api-key', 'api-key-validity', 'iss', 'alg', 'unknown-key', 'signature', 'aud', 'exp'] as const),
  ...(['nbf', 'iat', 'sub', 'typ', 'kind', 'access-token', 'client', 'acr'] as const),
]
const NETWORKS = [
  { network: '2001:db8::', factor: 1 },
  { network: '2001:db8::/56', factor: 4 },
]

/** A service whose credentials are reasons for which they are rejected, or `valid`. */
function open() {
  let now = 0
  const entries: object[] = []
  const deps = {
    callers: {
      authenticate: async (credential: string): Promise<Caller | Rejection> => {
        const reason = REASONS.find((each) => credential.startsWith(`${each} `))
        return reason === undefined ? CALLER : { code: 'unauthenticated', reason }
      },
    },
    limiter: createMemoryLimiter(() => now),
    failures: createFailureRecorder({ append: async (entry: object) => `chain:${entries.push(entry)}` }, () => now),
    clock: () => now,
  }
  return {
    entries,
    wait: (ms: number) => void (now += ms),
    /** @param network the index of the client's network */
    login: (credential: string | undefined, network = 0) =>
      authenticateCaller(deps, 3, {
        credential,
        networks: NETWORKS.slice(network),
        origin: { requestId: 'r' },
      }),
  }
}

it('no sequence of anonymous or failing requests makes a valid credential fail', async () => {
  const failing = fc.record({
    credential: fc.option(
      fc.tuple(fc.constantFrom(...REASONS), fc.nat({ max: 3 })).map(([reason, n]) => `${reason} ${n}`),
      { nil: undefined },
    ),
    network: fc.nat({ max: 1 }),
    waitMs: fc.constantFrom(0, 0, 0, 1000, 60_000),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(failing, { maxLength: 60 }), async (attempts) => {
      const { login, wait } = open()
      for (const { credential, network, waitMs } of attempts) {
        expect(await login(credential, network)).toHaveProperty('code')
        wait(waitMs)
        expect(await login('valid', network)).toBe(CALLER)
      }
    }),
    { numRuns: 2000 },
  )
})

it('guesses are limited; requests without a credential and credentials that once were valid are not', async () => {
  const guesses = new Set(['malformed', 'api-key', 'iss', 'alg', 'unknown-key', 'signature'])
  for (const reason of [undefined, ...REASONS]) {
    const { login } = open()
    const codes = []
    for (let i = 0; i < 5; i += 1) {
      const result = await login(reason === undefined ? undefined : `${reason} ${i}`)
      codes.push('code' in result ? result.code : 'accepted')
    }
    const limited = reason !== undefined && guesses.has(reason)
    expect([reason, codes[2], codes[3], codes[4]]).toStrictEqual([
      reason,
      'unauthenticated',
      limited ? 'rate-limited' : 'unauthenticated',
      limited ? 'rate-limited' : 'unauthenticated',
    ])
  }
})

it('one credential is limited across networks, and many networks of one site together', async () => {
  const limiter = createMemoryLimiter(() => 0)
  const fail = (network: string, secret: string) =>
    countFailure(
      { limiter },
      2,
      [
        { network, factor: 1 },
        { network: 'site/48', factor: 4 },
      ],
      secret,
    )
  const same = []
  for (let i = 0; i < 3; i += 1) same.push((await fail(`n${i}`, 'same'))?.code)
  expect(same).toStrictEqual([undefined, undefined, 'rate-limited'])
  const site = []
  for (let i = 3; i < 10; i += 1) site.push((await fail(`n${i}`, `other ${i}`))?.code)
  expect(site.indexOf('rate-limited')).toBe(5)
})

it('a failed login is recorded without its credential and its reason', async () => {
  const { login, entries } = open()
  expect(await login('exp secret')).toStrictEqual({ code: 'unauthenticated', reason: 'exp' })
  expect(entries).toStrictEqual([
    {
      requestId: 'r',
      time: 0,
      caller: '-',
      action: 'caller.authenticate',
      outcome: 'refused',
      code: 'unauthenticated',
    },
  ])
})
