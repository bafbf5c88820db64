import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AuditEntry, ChainedEntry } from '../../src/contract/audit.ts'
import { chain, CHAIN_START } from '../../src/rules/audit.ts'
import { brokenAt, type Entry } from '../kit.ts'

const entry = fc.record(
  {
    time: fc.nat(),
    requestId: fc.uuid(),
    caller: fc.string(),
    action: fc.constant('token.issue' as const),
    outcome: fc.constantFrom('issued' as const, 'refused' as const),
    room: fc.string({ unit: 'binary' }),
    userId: fc.string(),
    lifetimeSeconds: fc.nat(),
  },
  { requiredKeys: ['time', 'requestId', 'caller', 'action', 'outcome'] },
)

function chained(entries: readonly AuditEntry[]): ChainedEntry[] {
  const result: ChainedEntry[] = []
  for (const each of entries) result.push(chain(result.at(-1), each))
  return result
}

const asRows = (entries: readonly ChainedEntry[]): Entry[] =>
  entries.map((each) =>
    Object.fromEntries(
      Object.entries(each).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
    ),
  )

it('a chain numbers its entries without a gap and verifies by its description alone', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (entries) => {
      const result = chained(entries)
      expect(result[0]?.previousHash).toBe(CHAIN_START)
      expect(result.map(({ sequence }) => sequence)).toStrictEqual(entries.map((_, index) => index + 1))
      expect(brokenAt(asRows(result))).toBeUndefined()
    }),
  )
})

it('an entry that was changed, removed or moved is found', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 3, maxLength: 6 }), fc.nat(), (entries, where) => {
      const rows = asRows(chained(entries))
      const index = where % (rows.length - 1)
      const changed = rows.with(index, { ...rows[index], caller: `${String(rows[index]?.['caller'])}x` })
      expect(brokenAt(changed)).toBe(index + 1)
      expect(brokenAt(rows.toSpliced(index, 1))).toBe(index + 1)
      expect(brokenAt(rows.toSpliced(index, 2, ...rows.slice(index, index + 2).toReversed()))).toBe(index + 1)
    }),
  )
})

it('the order of members does not matter to the hash', () => {
  const one: AuditEntry = { time: 1, requestId: 'r', caller: 'c', action: 'token.issue', outcome: 'issued' }
  const other: AuditEntry = { outcome: 'issued', action: 'token.issue', caller: 'c', requestId: 'r', time: 1 }
  expect(chain(undefined, one).hash).toBe(chain(undefined, other).hash)
  expect(chain(undefined, one).hash).toBe('b29fd0968331ef7d8382bf6bb0bfab557cc1f38e21c0b6e85e4cd77a4203311d')
})
