import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deriveDraftKeys } from '../../../src/rules/visits/draft-keys.ts'

const SECRET = 'a-secret-of-at-least-thirty-two-bytes-0123456789'

it('derives keys that stay the same, because what they seal must open again', () => {
  expect(deriveDraftKeys(SECRET, '01900000-0000-7000-8000-000000000001', 'doctor-77')).toStrictEqual({
    draftKey: 'l302QJuF0WbMPTIu8UmNXurcEivXCiluzL6i10Syfec',
    letterheadKey: '3rwqtvlJnH7I1n4zr-LsPCHOkvnDYfqn7sSzRF9-Ecw',
  })
})

it('gives two people, consultations or secrets different keys', () => {
  const id = fc.stringMatching(/^[\x21-\x7e]{1,40}$/)
  const key = fc.tuple(fc.constantFrom(SECRET, `${SECRET}2`), id, id)
  fc.assert(
    fc.property(key, key, ([s1, c1, u1], [s2, c2, u2]) => {
      const [a, b] = [deriveDraftKeys(s1, c1, u1), deriveDraftKeys(s2, c2, u2)]
      const isSame = s1 === s2 && u1 === u2
      expect(a.draftKey === b.draftKey).toBe(isSame && c1 === c2)
      expect(a.letterheadKey === b.letterheadKey).toBe(isSame)
      expect(a.draftKey).not.toBe(b.letterheadKey)
    }),
  )
})
