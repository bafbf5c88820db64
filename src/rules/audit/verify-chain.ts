import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { ChainHead, RetentionMarker } from '../../contract/audit/checkpoint.ts'
import { CHAIN_START, hashOf } from './chain.ts'

/** What was found wrong with a chain, and at which entry. */
export type Finding = {
  chain: string
  sequence: number
  what: 'changed' | 'inserted' | 'moved' | 'removed' | 'unlinked' | 'cut-off'
  message: string
}

/** What an entry is held against. */
export type PreviousEntry = Pick<ChainedEntry, 'sequence'> & Partial<Pick<ChainedEntry, 'hash'>>

/** How far from where it stands an entry is looked for that was moved. */
const MOVED_AT_MOST = 1000

/**
 * Holds an entry against the one before it.
 * @param previous the entry before, without its hash where it is not in its place; undefined for the first that is there
 * @param stub what stands for the old end of the chain, where retention removed it
 * @returns what is wrong: entries before it are gone; it is another one's, moved here; it was changed, or put here; or it
 *   does not build on the entry before it
 */
export function* entryFindings(
  previous: PreviousEntry | undefined,
  entry: ChainedEntry,
  stub?: RetentionMarker,
): Generator<Finding> {
  const { chain, sequence } = entry
  const expected = (previous?.sequence ?? 0) + 1
  const retained = stub !== undefined && sequence - 1 <= stub.sequence
  if (sequence > expected && !retained) {
    const gone = sequence - 1 === expected ? `entry ${expected}` : `entries ${expected} to ${sequence - 1}`
    yield { chain, sequence: expected, what: 'removed', message: `${gone} of chain ${chain} was removed.` }
  }
  const before = previous?.sequence === sequence - 1 ? previous.hash : markerHash(stub, sequence - 1)
  const linked = before === undefined || before === entry.previousHash
  if (hashesTo(entry, sequence)) {
    if (!linked)
      yield finding(entry, 'unlinked', 'does not follow the entry before it; one was put in place of another.')
  } else yield mismatch(entry, linked)
  if (stub?.sequence === sequence && stub.hash !== entry.hash) {
    yield finding(entry, 'changed', 'is not the one that the signed stub of the chain ends with.')
  }
}

/** Why an entry's own words do not give its hash. */
function mismatch(entry: ChainedEntry, linked: boolean): Finding {
  const from = originalSequence(entry)
  if (from !== undefined) return finding(entry, 'moved', `is entry ${from} of it, moved.`)
  if (linked) return finding(entry, 'changed', 'was changed.')
  return finding(entry, 'inserted', 'was inserted, or changed together with its link to the entry before.')
}

const finding = (
  { chain, sequence }: Pick<ChainedEntry, 'chain' | 'sequence'>,
  what: Finding['what'],
  how: string,
): Finding => ({ chain, sequence, what, message: `entry ${sequence} of chain ${chain} ${how}` })

const hashesTo = ({ hash, ...entry }: ChainedEntry, sequence: number): boolean =>
  hashOf({ ...entry, sequence }) === hash

/** The number under which an entry's words give its hash: where it stood, should it have been moved. */
function originalSequence(entry: ChainedEntry): number | undefined {
  for (let distance = 1; distance <= MOVED_AT_MOST; distance += 1) {
    const found = [entry.sequence - distance, entry.sequence + distance].find((each) => hashesTo(entry, each))
    if (found !== undefined) return found
  }
  return undefined
}

const markerHash = (stub: RetentionMarker | undefined, sequence: number): string | undefined =>
  stub?.sequence === sequence ? stub.hash : undefined

/** Where the chain before a first entry is said to end; undefined where there was none. */
export function previousChainEnd({ previousChain, previousHash }: ChainedEntry): ChainHead | undefined {
  if (previousChain === undefined) return undefined
  const at = previousChain.lastIndexOf(':')
  return { chain: previousChain.slice(0, at), sequence: Number(previousChain.slice(at + 1)), hash: previousHash }
}

/** Whether a first entry begins where it says: on the end of a chain, or on nothing. */
export const startsCorrectly = (first: ChainedEntry): boolean =>
  previousChainEnd(first) !== undefined || first.previousHash === CHAIN_START

/** Whether a stub stands for an entry: it was removed by retention, as it was. */
export const markerCovers = (stub: RetentionMarker | undefined, { sequence, hash }: ChainHead): boolean =>
  stub !== undefined && (stub.sequence > sequence || (stub.sequence === sequence && stub.hash === hash))
