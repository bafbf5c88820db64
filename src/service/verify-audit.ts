import type { ChainedEntry } from '../contract/audit.ts'
import { beginsWell, entryFindings, type Finding, namedEnd } from '../rules/verify-chain.ts'
import type { AuditReader } from './ports.ts'

/** What a verification saw, and what was wrong. */
export type Verification = { chains: number; entries: number; findings: Finding[] }

/** Findings that are told; past it the record is so broken that more say nothing. */
const MAX_FINDINGS = 1000

/**
 * Verifies every chain: sequence, hashes, links, and that each chain ends where the next one of its writer says. It reads
 * page by page, so that its memory does not grow with the record.
 */
export async function verifyAudit(reader: AuditReader): Promise<Verification> {
  const seen: Verification = { chains: 0, entries: 0, findings: [] }
  const tell = (findings: Iterable<Finding>) => {
    for (const finding of findings) if (seen.findings.length < MAX_FINDINGS) seen.findings.push(finding)
  }
  for (const chain of await reader.chains()) {
    seen.chains += 1
    let previous: ChainedEntry | undefined
    for (;;) {
      const page = await reader.page(chain, previous?.sequence ?? 0)
      for (const entry of page) {
        tell(entryFindings(previous, entry))
        if (previous === undefined) tell(await beginning(reader, entry))
        previous = entry
      }
      seen.entries += page.length
      if (page.length === 0) break
    }
  }
  return seen
}

/** Whether the chain before ends where the first entry of this one says. */
async function beginning(reader: AuditReader, first: ChainedEntry): Promise<Finding[]> {
  if (first.sequence !== 1) return []
  const end = namedEnd(first)
  const found = end === undefined ? undefined : await reader.entry(end.chain, end.sequence)
  if (beginsWell(first) && found?.hash === end?.hash) return []
  const where = end === undefined ? 'nothing' : `entry ${end.sequence} of chain ${end.chain}`
  const message = `chain ${first.chain} begins on ${where}, which is not there as it was: the end of that chain was cut off or changed.`
  return [{ chain: end?.chain ?? first.chain, sequence: end?.sequence ?? 0, what: 'cut-off', message }]
}
