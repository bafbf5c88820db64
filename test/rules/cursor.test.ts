import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUDIT_CURSORS } from '../../src/rules/audit/query.ts'
import { CONSULTATION_CURSORS } from '../../src/rules/consultations/query.ts'
import type { CursorCodec, SortKey } from '../../src/rules/cursor.ts'
import { REVOCATION_CURSORS } from '../../src/rules/revocation.ts'
import { anyCharacter } from '../support/arbitraries.ts'

const time = fc.integer({ min: 0, max: 8.64e15 })
const id = fc.oneof(fc.uuid(), fc.stringMatching(/^[\w-]{1,36}$/))
const sequence = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

type Case = { codec: CursorCodec<SortKey>; positions: fc.Arbitrary<SortKey> }
const caseOf = <Position extends SortKey>(codec: CursorCodec<Position>, positions: fc.Arbitrary<Position>) =>
  ({ codec, positions }) as unknown as Case

const CASES: [list: string, lists: Case][] = [
  ['audit entries', caseOf(AUDIT_CURSORS, fc.record({ time, chain: id, sequence }))],
  ['consultations', caseOf(CONSULTATION_CURSORS, fc.record({ startsAt: time, id }))],
  ['revocations', caseOf(REVOCATION_CURSORS, fc.record({ createdAt: time, id }))],
]

const base64url = (text: string) => Buffer.from(text).toString('base64url')

/** Text, JSON, and JSON that resembles a position. */
const anyCursor = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.stringMatching(/^[\w-]{0,256}$/),
  fc.json().map(base64url),
  fc
    .array(fc.oneof(time, id, sequence, fc.double(), fc.jsonValue()), { maxLength: 4 })
    .map((values) => base64url(JSON.stringify(values))),
)

describe.each(CASES)('a cursor of %s', (_list, { codec, positions }) => {
  it('decodes to the position that was encoded, and fits the pattern of the query parameter', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const cursor = codec.encode(position)
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,256}$/)
        expect({ ...codec.decode(cursor) }).toStrictEqual({ ...position })
      }),
    )
  })

  it('is refused, or decodes to a position that encodes to the same text', () => {
    fc.assert(
      fc.property(anyCursor, (text) => {
        const position = codec.decode(text)
        expect(position === undefined ? text : codec.encode(position)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it('contains the fields of the position only, whatever else the item has', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(codec.encode({ ...position, room: 'room-1' })).toBe(codec.encode(position))
      }),
    )
  })
})

const ID = '01980000-0000-7000-8000-000000000001'

it('cursors have a stable form, so that they stay valid after an update', () => {
  expect(CONSULTATION_CURSORS.decode(base64url(`[5,"${ID}"]`))).toStrictEqual({ startsAt: 5, id: ID })
  expect(REVOCATION_CURSORS.decode(base64url(`[5,"${ID}"]`))).toStrictEqual({ createdAt: 5, id: ID })
  expect(AUDIT_CURSORS.decode(base64url(`[5,"${ID}",7]`))).toStrictEqual({ time: 5, chain: ID, sequence: 7 })
})

it.each([
  ['a negative time', `[-1,"${ID}",7]`],
  ['a negative zero', `[-0,"${ID}",7]`],
  ['a fraction of a millisecond', `[1.5,"${ID}",7]`],
  ['an infinite time', `[1e999,"${ID}",7]`],
  ['a time that no Date can represent', `[8640000000000001,"${ID}",7]`],
  ['the sequence 0', `[5,"${ID}",0]`],
  ['a sequence that is not exact', `[5,"${ID}",9007199254740993]`],
  ['an empty id', '[5,"",7]'],
  ['NUL in an id', '[5,"a\\u0000b",7]'],
  ['too long an id', `[5,"${'a'.repeat(37)}",7]`],
  ['one value too few', `[5,"${ID}"]`],
  ['one value too many', `[5,"${ID}",7,null]`],
  ['an object', `{"time":5,"chain":"${ID}","sequence":7}`],
  ['spaces', `[5, "${ID}", 7]`],
  ['another notation of a number', `[5e0,"${ID}",7]`],
  ['no JSON', '[5,'],
])('a cursor with %s is refused', (_what, json) => {
  expect(AUDIT_CURSORS.decode(base64url(json))).toBeUndefined()
})

it('a cursor in base64 with padding is refused', () => {
  const cursor = AUDIT_CURSORS.encode({ time: 5, chain: ID, sequence: 7 })
  expect(cursor.length % 4).not.toBe(0)
  expect(AUDIT_CURSORS.decode(cursor)).toBeDefined()
  expect(AUDIT_CURSORS.decode(cursor.padEnd(Math.ceil(cursor.length / 4) * 4, '='))).toBeUndefined()
})
