import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contract/audit/audit-entry.ts'
import { pseudonymize, pseudonymizeSearch, createPseudonyms } from '../../../src/rules/audit/pseudonyms.ts'

const KEY = 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk'
const entry: AuditEntry = { time: 1, requestId: 'r', caller: 'c', action: 'token.issue', outcome: 'issued' }

describe('a pseudonym', () => {
  it('is the HMAC-SHA-256 that its description gives', () => {
    // printf 'user\ndoctor-77' | openssl dgst -sha256 -hmac kkkk…, and the same of 'room\nroom-1'.
    const { userId, room } = createPseudonyms(KEY)
    expect(userId('doctor-77')).toBe('32308aa6b02724f5666f14c3f7005487fbba28f2233795b6c31709b22d890233')
    expect(room('room-1')).toBe('f9e2d2f121c70381b2b71a0eda07c5e3747411c29fb0d5c178fb60ad2fb6ec55')
  })

  it('tells nothing that it stands for, is the same each time, and another for another key or kind', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (value) => {
        const [one, other] = [createPseudonyms(KEY), createPseudonyms(`${KEY}x`)]
        expect(one.userId(value)).toBe(createPseudonyms(KEY).userId(value))
        expect(new Set([one.userId(value), one.room(value), other.userId(value), other.room(value)]).size).toBe(4)
        const kept = pseudonymize({ ...entry, userId: value, room: value, onBehalfOf: value }, one)
        expect(Object.values(kept).map(String).join()).not.toContain(value)
      }),
    )
  })

  it('stands where something stood, and leaves the rest', () => {
    const pseudonyms = createPseudonyms(KEY)
    expect(pseudonymize(entry, pseudonyms)).toStrictEqual(entry)
    expect(pseudonymizeSearch({ equal: { caller: 'c' }, limit: 1, from: 3 }, pseudonyms)).toStrictEqual({
      equal: { caller: 'c' },
      limit: 1,
      from: 3,
    })
    expect(pseudonymizeSearch({ equal: { userId: 'u', room: 'r' }, limit: 1 }, pseudonyms).equal).toStrictEqual({
      userId: pseudonyms.userId('u'),
      room: pseudonyms.room('r'),
    })
  })
})
