import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../../../src/contract/audit/audit-entry.ts'
import { CHAIN_START, linkEntry } from '../../../src/rules/audit/chain.ts'
import { entryFindings } from '../../../src/rules/audit/verify-chain.ts'
import { brokenAt, type Entry } from '../../kit.ts'
import { anyCharacter } from '../../support/arbitraries.ts'

const entry = fc.record(
  {
    time: fc.nat(),
    requestId: fc.uuid(),
    caller: fc.string(),
    action: fc.constant('token.issue' as const),
    outcome: fc.constantFrom('issued' as const, 'refused' as const),
    room: fc.string({ unit: anyCharacter }),
    userId: fc.string(),
    lifetimeSeconds: fc.nat(),
  },
  { requiredKeys: ['time', 'requestId', 'caller', 'action', 'outcome'] },
)
const entries = (minLength: number) => fc.array(entry, { minLength, maxLength: 8 })

const START: ChainEnd = { chain: 'c1', sequence: 0, writer: 'w' }

function chained(all: readonly AuditEntry[], start = START): ChainedEntry[] {
  const result: ChainedEntry[] = []
  for (const each of all) result.push(linkEntry(result.at(-1) ?? start, each))
  return result
}

const asRows = (all: readonly ChainedEntry[]): Entry[] =>
  all.map((each) =>
    Object.fromEntries(
      Object.entries(each).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
    ),
  )

/** What is found in a chain, as `<what> <sequence>`. */
function found(all: readonly ChainedEntry[]): string[] {
  return all.flatMap((each, index) =>
    [...entryFindings(all[index - 1], each)].map(({ what, sequence }) => `${what} ${sequence}`),
  )
}

describe('a chain', () => {
  it('numbers its entries without a gap, names its writer once, and verifies by its description alone', () => {
    fc.assert(
      fc.property(entries(1), entries(1), (first, second) => {
        const one = chained(first)
        expect(one[0]?.previousHash).toBe(CHAIN_START)
        expect(one.map(({ sequence }) => sequence)).toStrictEqual(first.map((_, index) => index + 1))
        expect(one.map(({ writer }) => writer)).toStrictEqual(first.map((_, index) => (index === 0 ? 'w' : undefined)))
        const last = one.at(-1)
        const two = chained(second, {
          chain: 'c2',
          sequence: 0,
          writer: 'w',
          previousChain: `c1:${last?.sequence}`,
          hash: last?.hash ?? '',
        })
        expect(brokenAt(asRows([...one, ...two]))).toBeUndefined()
        expect([...found(one), ...found(two)]).toStrictEqual([])
      }),
    )
  })

  it('tells which entry was changed, removed or put in the place of another', () => {
    fc.assert(
      fc.property(entries(4), fc.nat(), (all, where) => {
        const chain = chained(all)
        const index = 1 + (where % (chain.length - 2))
        const at = index + 1
        const original = chain[index] as ChainedEntry
        expect(found(chain.with(index, { ...original, caller: `${original.caller}x` }))).toStrictEqual([
          `changed ${at}`,
        ])
        expect(found(chain.toSpliced(index, 1))).toStrictEqual([`removed ${at}`])
        const swapped = chain
          .with(index, { ...(chain[index + 1] as ChainedEntry), sequence: at })
          .with(index + 1, { ...original, sequence: at + 1 })
        expect(found(swapped).slice(0, 2)).toStrictEqual([`moved ${at}`, `moved ${at + 1}`])
        // Whoever makes the hash anew is found out by the entry that follows.
        const forged = linkEntry(chain[index - 1] as ChainedEntry, {
          ...(all[index] as AuditEntry),
          caller: 'somebody else',
        })
        expect(found(chain.with(index, forged))).toStrictEqual(
          all[index]?.caller === 'somebody else' ? [] : [`unlinked ${at + 1}`],
        )
        expect(brokenAt(asRows(chain.with(index, { ...original, caller: `${original.caller}x` })))).toBe(at)
      }),
    )
  })

  it('has the hash that its description gives', () => {
    const one: AuditEntry = { time: 1, requestId: 'r', caller: 'c', action: 'token.issue', outcome: 'issued' }
    const other: AuditEntry = { outcome: 'issued', action: 'token.issue', caller: 'c', requestId: 'r', time: 1 }
    expect(linkEntry(START, one).hash).toBe(linkEntry(START, other).hash)
    // printf of 64 zeros, a line feed and the members in order, through sha256sum.
    expect(linkEntry(START, one).hash).toBe('c93ed9643a3426f800462ea446412e786f45bf17cbd87b2ae912b9c8e387d4f9')
  })
})
