import { type Verification, type VerifyingParts, type Verifying, stubsIn } from './verification.ts'
import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { Stub } from '../../contract/audit/checkpoint.ts'
import {
  type Before,
  beginsWell,
  entryFindings,
  type Finding,
  namedEnd,
  standsFor,
} from '../../rules/audit/verify-chain.ts'
import { verifyCheckpoints } from './verify-checkpoints.ts'

/** Findings that are told; past it the record is so broken that more say nothing. */
const MAX_FINDINGS = 1000

/**
 * Verifies every chain: sequence, hashes, links, and that each chain ends where the next one of its writer says; and holds
 * all of it against stubs and checkpoints. It reads page by page, so that its memory does not grow with the record.
 * @throws ServiceFault `record-unavailable`
 */
export async function verifyAudit(parts: VerifyingParts): Promise<Verification> {
  const seen: Verification = { chains: 0, entries: 0, stubs: 0, checkpoints: 0, unverifiable: 0, findings: [] }
  const tell = (findings: Iterable<Finding>) => {
    for (const finding of findings) if (seen.findings.length < MAX_FINDINGS) seen.findings.push(finding)
  }
  const stubOf = stubsIn(parts, seen, tell)
  const verifying: Verifying = { ...parts, seen, tell, stubOf }
  for (let after = ''; ;) {
    const chains = await parts.reader.chains(after)
    for (const chain of chains) await verifyChain(verifying, chain)
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  await verifyCheckpoints(verifying)
  return seen
}

async function verifyChain({ reader, seen, tell, stubOf }: Verifying, chain: string): Promise<void> {
  seen.chains += 1
  let previous: Before | undefined
  let stub: Stub | undefined
  for (;;) {
    const page = await reader.page(chain, previous?.sequence ?? 0)
    if (page.length === 0) return
    for (const entry of page) {
      // Entries may be removed while this runs: where some are gone, the stub of now is asked for.
      if (entry.sequence !== (previous?.sequence ?? 0) + 1) stub = await stubOf(chain, 'again')
      const found = [...entryFindings(previous, entry, stub)]
      tell(found)
      if (entry.sequence === 1 && found.length === 0) tell(await beginning({ reader, stubOf }, entry))
      const misplaced = found.some(({ what }) => what === 'moved' || what === 'inserted')
      previous = misplaced ? { sequence: entry.sequence } : entry
    }
    seen.entries += page.length
  }
}

/** Whether the chain before ends where the first entry of this one says. */
async function beginning({ reader, stubOf }: Pick<Verifying, 'reader' | 'stubOf'>, first: ChainedEntry) {
  const end = namedEnd(first)
  if (end === undefined && beginsWell(first)) return []
  const [found] = end === undefined ? [] : await reader.entries([end])
  if (
    end !== undefined &&
    (found?.hash === end.hash || (found === undefined && standsFor(await stubOf(end.chain), end)))
  )
    return []
  const where = end === undefined ? 'nothing' : `entry ${end.sequence} of chain ${end.chain}`
  const message = `chain ${first.chain} begins on ${where}, which is not there as it was: the end of that chain was cut off or changed.`
  return [{ chain: end?.chain ?? first.chain, sequence: end?.sequence ?? 0, what: 'cut-off', message } as const]
}
