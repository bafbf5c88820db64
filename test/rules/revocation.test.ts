import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  indexRevocations,
  matchesRevocation,
  type TokenSubject,
  type Revocation,
  parseIssuedBefore,
} from '../../src/rules/revocation.ts'
import { NOW } from '../kit.ts'

const base = { id: 'r', createdAt: NOW, createdBy: 'c' }
const room = (name: string) => ({ consultation: { id: `id of ${name}`, room: name } })

// Few names and times, so that they meet.
const rooms = fc.constantFrom('a', 'b')
const users = fc.constantFrom('u', 'v', 'a', '')
const times = fc.integer({ min: 0, max: 4 })
const maybe = <T, N extends string>(name: N, values: fc.Arbitrary<T>) =>
  fc.option(values).map((value) => (value === null ? {} : { [name]: value }) as { [K in N]?: T })

const revocations: fc.Arbitrary<Revocation> = fc
  .tuple(fc.option(rooms), maybe('userId', users.filter(Boolean)), maybe('issuedBefore', times))
  .map(([name, user, before]) => ({ ...base, ...(name === null ? {} : room(name)), ...user, ...before }))
const entrants: fc.Arbitrary<TokenSubject> = fc
  .tuple(rooms, users, maybe('issuedAt', times))
  .map(([name, userId, issued]) => ({ room: name, userId, ...issued }))

describe('a revocation', () => {
  it.each<[string, Partial<Revocation>, TokenSubject, boolean]>([
    ['of a user bars the user anywhere', { userId: 'u' }, { room: 'a', userId: 'u' }, true],
    ['of a user bars nobody else', { userId: 'u' }, { room: 'a', userId: 'v' }, false],
    ['of a consultation bars everybody in it', room('a'), { room: 'a', userId: 'v' }, true],
    ['of a consultation bars nobody elsewhere', room('a'), { room: 'b', userId: 'v' }, false],
    ['of a user in a consultation bars there', { ...room('a'), userId: 'u' }, { room: 'a', userId: 'u' }, true],
    ['of a user in a consultation bars only there', { ...room('a'), userId: 'u' }, { room: 'b', userId: 'u' }, false],
    [
      'of a user in a consultation bars only the user',
      { ...room('a'), userId: 'u' },
      { room: 'a', userId: 'v' },
      false,
    ],
    ['bars renewals too', { userId: 'u' }, { room: 'a', userId: 'u', issuedAt: NOW }, true],
    ['of older tokens lets new ones be had', { userId: 'u', issuedBefore: 5 }, { room: 'a', userId: 'u' }, false],
    ['of older tokens bars those', { userId: 'u', issuedBefore: 5 }, { room: 'a', userId: 'u', issuedAt: 4 }, true],
    ['of older tokens bars none of then', { issuedBefore: 5 }, { room: 'a', userId: 'u', issuedAt: 5 }, false],
    [
      'of older tokens alone bars those of everybody',
      { issuedBefore: 5 },
      { room: 'a', userId: 'u', issuedAt: 4 },
      true,
    ],
  ])('%s', (_what, revocation, entrant, expected) => {
    expect(matchesRevocation({ ...base, ...revocation }, entrant)).toBe(expected)
  })

  it('bars a renewal wherever it bars a new token', () => {
    fc.assert(
      fc.property(revocations, entrants, times, (revocation, { issuedAt: _never, ...entrant }, issuedAt) => {
        fc.pre(matchesRevocation(revocation, entrant))
        expect(matchesRevocation(revocation, { ...entrant, issuedAt })).toBe(true)
      }),
    )
  })

  it('that names more bars less, and so does an earlier time', () => {
    fc.assert(
      fc.property(revocations, entrants, times, (revocation, entrant, earlier) => {
        fc.pre(matchesRevocation(revocation, entrant))
        const { consultation: _anywhere, userId: _anybody, ...wider } = revocation
        expect(matchesRevocation(wider, entrant)).toBe(true)
        const { issuedBefore = Infinity } = revocation
        const narrower = { ...revocation, issuedBefore: Math.min(issuedBefore, earlier) }
        expect(matchesRevocation(narrower, entrant)).toBe((entrant.issuedAt ?? Infinity) < narrower.issuedBefore)
      }),
    )
  })
})

it('many revocations bar whoever one of them bars', () => {
  fc.assert(
    fc.property(fc.array(revocations, { maxLength: 12 }), entrants, (all, entrant) => {
      expect(indexRevocations(all)(entrant)).toBe(all.some((each) => matchesRevocation(each, entrant)))
    }),
    { numRuns: 1000 },
  )
})

it('the time of a revocation is one of the calendar, and not in the future', () => {
  const at = (ms: number) => ({ issuedBefore: new Date(ms).toISOString() })
  expect(parseIssuedBefore(at(NOW), NOW)).toStrictEqual({ issuedBefore: NOW })
  expect(parseIssuedBefore({ userId: 'u' }, NOW)).toStrictEqual({})
  for (const wrong of [at(NOW + 1), { issuedBefore: '2026-13-01T00:00:00Z' }])
    expect(parseIssuedBefore(wrong, NOW)).toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/issuedBefore' }],
    })
})
