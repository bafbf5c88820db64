import { hash } from 'node:crypto'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../../contract/audit/audit-entry.ts'

/** The previous hash of the first entry of a writer's first chain. */
export const CHAIN_START = '0'.repeat(64)

/**
 * Links an entry to the end of its chain.
 * @param end the last entry of the chain; for the first entry, the chain's id, its writer, and the end of the previous chain
 * @returns the entry with its chain, sequence, previous hash and hash
 */
export function linkEntry(end: ChainEnd, entry: AuditEntry): ChainedEntry {
  const { chain, sequence, writer, previousChain, hash: previousHash = CHAIN_START } = end
  const names = {
    ...(sequence > 0 || writer === undefined ? {} : { writer }),
    ...(sequence > 0 || previousChain === undefined ? {} : { previousChain }),
  }
  const linked = { ...entry, ...names, chain, sequence: sequence + 1, previousHash }
  return { ...linked, hash: hashOf(linked) }
}

/**
 * Computes the hash of an entry: SHA-256 over the previous hash (64 hex digits), a line feed, and all other properties as
 * canonical JSON (RFC 8785). An entry is flat and contains strings and whole numbers only; for these, RFC 8785 is JSON with
 * sorted keys and no spaces.
 */
export function hashOf({ previousHash, ...properties }: Omit<ChainedEntry, 'hash'>): string {
  const sorted: Record<string, unknown> = {}
  for (const name of Object.keys(properties).sort()) sorted[name] = properties[name as keyof typeof properties]
  return hash('sha256', `${previousHash}\n${JSON.stringify(sorted)}`)
}
