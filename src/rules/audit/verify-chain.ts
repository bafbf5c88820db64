import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { ChainHead, RetentionMarker } from '../../contract/audit/checkpoint.ts'
import { CHAIN_START, hashOf } from './chain.ts'

/** A defect of a chain, and the entry at which it was found. */
export type Finding = {
  chain: string
  sequence: number
  what: 'changed' | 'inserted' | 'moved' | 'removed' | 'unlinked' | 'cut-off'
  message: string
}

/** The entry before the one that is verified. */
export type PreviousEntry = Pick<ChainedEntry, 'sequence'> & Partial<Pick<ChainedEntry, 'hash'>>

/** The largest distance over which a moved entry is recognized, in sequence numbers. */
const MAX_MOVED_DISTANCE = 1000

/**
 * Verifies an entry against the previous entry of its chain.
 * @param previous the previous entry, without its hash if it was moved; undefined for the first entry
 * @param stub the retention marker, if retention removed the oldest entries of the chain
 * @returns the defects: earlier entries are missing; the entry was moved, changed or inserted; or it does not follow the
 *   previous entry
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
    const missing = sequence - 1 === expected ? `entry ${expected}` : `entries ${expected} to ${sequence - 1}`
    yield { chain, sequence: expected, what: 'removed', message: `${missing} of chain ${chain} was removed.` }
  }
  const before = previous?.sequence === sequence - 1 ? previous.hash : markerHash(stub, sequence - 1)
  const linked = before === undefined || before === entry.previousHash
  if (hashesTo(entry, sequence)) {
    if (!linked) yield finding(entry, 'unlinked', 'does not follow the entry before it; one of the two was replaced.')
  } else yield mismatch(entry, linked)
  if (stub?.sequence === sequence && stub.hash !== entry.hash) {
    yield finding(entry, 'changed', 'differs from the entry that the signed retention marker of the chain names.')
  }
}

/** @returns why the content of an entry does not match its hash */
function mismatch(entry: ChainedEntry, linked: boolean): Finding {
  const from = originalSequence(entry)
  if (from !== undefined) return finding(entry, 'moved', `is entry ${from} of the same chain, moved.`)
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

/** @returns the sequence number with which the content of an entry matches its hash; undefined if it was not moved */
function originalSequence(entry: ChainedEntry): number | undefined {
  for (let distance = 1; distance <= MAX_MOVED_DISTANCE; distance += 1) {
    const found = [entry.sequence - distance, entry.sequence + distance].find((each) => hashesTo(entry, each))
    if (found !== undefined) return found
  }
  return undefined
}

const markerHash = (stub: RetentionMarker | undefined, sequence: number): string | undefined =>
  stub?.sequence === sequence ? stub.hash : undefined

/** @returns the end of the previous chain according to a first entry; undefined if there is no previous chain */
export function previousChainEnd({ previousChain, previousHash }: ChainedEntry): ChainHead | undefined {
  if (previousChain === undefined) return undefined
  const at = previousChain.lastIndexOf(':')
  return { chain: previousChain.slice(0, at), sequence: Number(previousChain.slice(at + 1)), hash: previousHash }
}

/** Whether a first entry follows the end of a previous chain, or the start hash if there is none. */
export const startsCorrectly = (first: ChainedEntry): boolean =>
  previousChainEnd(first) !== undefined || first.previousHash === CHAIN_START

/** Whether a retention marker covers an entry: retention removed it unchanged. */
export const markerCovers = (stub: RetentionMarker | undefined, { sequence, hash }: ChainHead): boolean =>
  stub !== undefined && (stub.sequence > sequence || (stub.sequence === sequence && stub.hash === hash))
