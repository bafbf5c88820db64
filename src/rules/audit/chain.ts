import { hash } from 'node:crypto'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../../contract/audit/audit-entry.ts'

/** What the first entry of a writer's first chain names as the hash before it. */
export const CHAIN_START = '0'.repeat(64)

/**
 * Links an entry to the end of its chain.
 * @param end the last entry; before the first one, the chain's id, its writer, and the last entry of the chain before
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
 * The hash of an entry: SHA-256 over the previous hash (64 hex digits), a line feed, and all other members as canonical JSON
 * (RFC 8785). An entry is flat and holds strings and whole numbers only, for which RFC 8785 is JSON with sorted keys and no
 * spaces.
 */
export function hashOf({ previousHash, ...members }: Omit<ChainedEntry, 'hash'>): string {
  const sorted: Record<string, unknown> = {}
  for (const name of Object.keys(members).sort()) sorted[name] = members[name as keyof typeof members]
  return hash('sha256', `${previousHash}\n${JSON.stringify(sorted)}`)
}
