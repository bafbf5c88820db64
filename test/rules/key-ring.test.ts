import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareKeyRing,
  type KnownKey,
  secondsUntilFetched,
  selectSigningKey,
  type SigningKeyChoice,
} from '../../src/rules/key-ring.ts'
import { NOW } from '../kit.ts'

const keyId = fc.constantFrom('one', 'two', 'three')
const time = fc.integer({ min: NOW - 1_000_000, max: NOW + 1_000_000 })
const choices: fc.Arbitrary<SigningKeyChoice> = fc.record({
  requested: keyId,
  previous: fc.option(keyId, { nil: undefined }),
  publishedSince: fc.option(time, { nil: undefined }),
  maxAgeSeconds: fc.integer({ min: 0, max: 900 }),
  nowMs: time,
  immediately: fc.boolean(),
})

describe('the key that signs', () => {
  it('is the requested key or the previous key, and the other one is pending only if it is requested', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const selected = selectSigningKey(choice)
        if (selected.keyId === choice.requested) expect(selected.pending).toBeUndefined()
        else {
          expect(selected.keyId).toBe(choice.previous)
          expect(selected.pending?.keyId).toBe(choice.requested)
        }
      }),
    )
  })

  it('replaces the previous key only after it was published for longer than verifiers cache the keys', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const selected = selectSigningKey({ ...choice, immediately: false })
        const { requested, previous, publishedSince, maxAgeSeconds, nowMs } = choice
        fc.pre(previous !== undefined && previous !== requested && selected.keyId === requested)
        expect(nowMs - (publishedSince ?? nowMs)).toBeGreaterThan(maxAgeSeconds * 1000)
      }),
    )
  })

  it('signs from the announced time on, and not a millisecond earlier', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const { pending } = selectSigningKey(choice)
        fc.pre(pending !== undefined)
        const publishedSince = choice.publishedSince ?? choice.nowMs
        const at = (nowMs: number) => selectSigningKey({ ...choice, publishedSince, nowMs })
        expect(pending?.at).toBe(publishedSince + secondsUntilFetched(choice.maxAgeSeconds) * 1000)
        expect(at((pending?.at ?? 0) - 1)).toStrictEqual({ keyId: choice.previous, pending })
        expect(at(pending?.at ?? 0)).toStrictEqual({ keyId: choice.requested })
      }),
    )
  })

  it('is the requested key at once if it is to sign immediately, or if no other key signed', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const only = { keyId: choice.requested }
        expect(selectSigningKey({ ...choice, immediately: true })).toStrictEqual(only)
        expect(selectSigningKey({ ...choice, previous: undefined })).toStrictEqual(only)
        expect(selectSigningKey({ ...choice, previous: choice.requested })).toStrictEqual(only)
      }),
    )
  })
})

describe('a key ring compared with the register', () => {
  const known = (state: KnownKey['state'], kid = 'a'): KnownKey => ({
    ...{ kid, fingerprint: `of-${kid}`, state },
    ...{ firstSeenAt: 100, publishedSince: 200, changedAt: 300 },
  })
  const current = (state: 'active' | 'next' | 'retired', kid = 'a') => ({ kid, fingerprint: `of-${kid}`, state })
  const nothing = { changed: [], published: [], reused: [] }

  it('changes nothing if every state is the same', () => {
    expect(compareKeyRing([known('active'), known('removed', 'b')], [current('active')], 1000)).toStrictEqual(nothing)
  })

  it.each([
    ['a new key', [], 'next', { firstSeenAt: 1000, publishedSince: 1000 }],
    ['a key that is activated', [known('next')], 'active', { firstSeenAt: 100, publishedSince: 200 }],
    ['a key that signed before', [known('active')], 'next', { firstSeenAt: 100, publishedSince: 200 }],
    ['a retired key', [known('active')], 'retired', { firstSeenAt: 100, publishedSince: 200 }],
    ['a key that was removed', [known('removed')], 'next', { firstSeenAt: 100, publishedSince: 1000 }],
  ] as const)('knows since when %s is published', (_what, before, state, times) => {
    const changed = [{ ...current(state), ...times, changedAt: 1000 }]
    expect(compareKeyRing(before, [current(state)], 1000)).toStrictEqual({ ...nothing, changed })
  })

  it('counts the publication from the last instance that began it', () => {
    const added = new Set(['a'])
    expect(compareKeyRing([known('next')], [current('next')], 1000, added)).toStrictEqual({
      ...nothing,
      published: [{ ...known('next'), publishedSince: 1000 }],
    })
    expect(compareKeyRing([known('retired')], [current('next')], 1000, added).changed).toStrictEqual([
      { ...current('next'), firstSeenAt: 100, publishedSince: 1000, changedAt: 1000 },
    ])
  })

  it('finds removed keys, and kids that belonged to another key', () => {
    expect(compareKeyRing([known('active'), known('next', 'b')], [current('active')], 1000).changed).toStrictEqual([
      { ...known('removed', 'b'), changedAt: 1000 },
    ])
    const other = { ...current('active'), fingerprint: 'other' }
    expect(compareKeyRing([known('active')], [other], 1000).reused).toStrictEqual(['a'])
  })
})
