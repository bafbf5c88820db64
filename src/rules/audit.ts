import { createHash } from 'node:crypto'
import type { AuditEntry, ChainedEntry } from '../contract/audit.ts'

/** What the first entry of a chain names as the hash before it. */
export const CHAIN_START = '0'.repeat(64)

/**
 * Links an entry to the one before it.
 * The hash is SHA-256 over the previous hash (64 hex digits), a line feed, and the entry with its sequence as canonical
 * JSON (RFC 8785). An entry is flat and holds strings and whole numbers only, for which RFC 8785 is JSON with sorted
 * keys and no spaces.
 * @param previous the entry before, or undefined for the first
 */
export function chain(previous: Pick<ChainedEntry, 'sequence' | 'hash'> | undefined, entry: AuditEntry): ChainedEntry {
  const previousHash = previous?.hash ?? CHAIN_START
  const numbered = { ...entry, sequence: (previous?.sequence ?? 0) + 1 }
  const canonical = JSON.stringify(numbered, Object.keys(numbered).sort())
  const hash = createHash('sha256').update(`${previousHash}\n${canonical}`).digest('hex')
  return { ...numbered, previousHash, hash }
}
