import type { ChainedEntry } from '../contract/audit.ts'
import { CHAIN_START, hashOf } from './audit.ts'

/** What was found wrong with a chain, and at which entry. */
export type Finding = {
  chain: string
  sequence: number
  what: 'changed' | 'removed' | 'unlinked' | 'cut-off'
  message: string
}

/**
 * Holds an entry against the one before it.
 * @param previous the entry before, or undefined for the first of its chain
 * @returns what is wrong: its own words do not give its hash (it was changed or moved); entries before it are gone; it
 *   does not build on the entry before it (one of the two was put in another's place)
 */
export function* entryFindings(previous: ChainedEntry | undefined, entry: ChainedEntry): Generator<Finding> {
  const { chain, sequence, hash, ...rest } = entry
  const expected = (previous?.sequence ?? 0) + 1
  const at = `entry ${sequence} of chain ${chain}`
  if (sequence > expected) {
    const gone = sequence - 1 === expected ? `entry ${expected}` : `entries ${expected} to ${sequence - 1}`
    yield { chain, sequence: expected, what: 'removed', message: `${gone} of chain ${chain} was removed.` }
  }
  if (hashOf({ chain, sequence, ...rest }) !== hash) {
    yield { chain, sequence, what: 'changed', message: `${at} was changed, or moved to where it stands.` }
  } else if (sequence === expected && previous !== undefined && rest.previousHash !== previous.hash) {
    yield {
      chain,
      sequence,
      what: 'unlinked',
      message: `${at} does not follow the entry before it; one was put in place of another.`,
    }
  }
}

/** Where the chain before a first entry is said to end; undefined where there was none. */
export function namedEnd({
  previousChain,
  previousHash,
}: ChainedEntry): { chain: string; sequence: number; hash: string } | undefined {
  if (previousChain === undefined) return undefined
  const at = previousChain.lastIndexOf(':')
  return { chain: previousChain.slice(0, at), sequence: Number(previousChain.slice(at + 1)), hash: previousHash }
}

/** Whether a first entry begins where it says: on the end of a chain, or on nothing. */
export const beginsWell = (first: ChainedEntry): boolean =>
  namedEnd(first) !== undefined || first.previousHash === CHAIN_START
