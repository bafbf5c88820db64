import { type Verification, type VerifyAuditDeps, type VerificationRun, createMarkerFinder } from './verification.ts'
import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { RetentionMarker } from '../../contract/audit/checkpoint.ts'
import {
  type PreviousEntry,
  startsCorrectly,
  entryFindings,
  type Finding,
  previousChainEnd,
  markerCovers,
} from '../../rules/audit/verify-chain.ts'
import { verifyCheckpoints } from './verify-checkpoints.ts'

/** Findings that are told; past it the record is so broken that more say nothing. */
const MAX_FINDINGS = 1000

/**
 * Verifies every chain: sequence, hashes, links, and that each chain ends where the next one of its writer says; and holds
 * all of it against stubs and checkpoints. It reads page by page, so that its memory does not grow with the record.
 * @throws ServiceFault `record-unavailable`
 */
export async function verifyAudit(deps: VerifyAuditDeps): Promise<Verification> {
  const seen: Verification = { chains: 0, entries: 0, stubs: 0, checkpoints: 0, unverifiable: 0, findings: [] }
  const tell = (findings: Iterable<Finding>) => {
    for (const finding of findings) if (seen.findings.length < MAX_FINDINGS) seen.findings.push(finding)
  }
  const stubOf = createMarkerFinder(deps, seen, tell)
  const verifying: VerificationRun = { ...deps, seen, report: tell, findMarker: stubOf }
  for (let after = ''; ;) {
    const chains = await deps.reader.listChains(after)
    for (const chain of chains) await verifyChain(verifying, chain)
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  await verifyCheckpoints(verifying)
  return seen
}

async function verifyChain(
  { reader, seen, report: tell, findMarker: stubOf }: VerificationRun,
  chain: string,
): Promise<void> {
  seen.chains += 1
  let previous: PreviousEntry | undefined
  let stub: RetentionMarker | undefined
  for (;;) {
    const page = await reader.readPage(chain, previous?.sequence ?? 0)
    if (page.length === 0) return
    for (const entry of page) {
      // Entries may be removed while this runs: where some are gone, the stub of now is asked for.
      if (entry.sequence !== (previous?.sequence ?? 0) + 1) stub = await stubOf(chain, 'again')
      const found = [...entryFindings(previous, entry, stub)]
      tell(found)
      if (entry.sequence === 1 && found.length === 0) tell(await checkChainStart({ reader, findMarker: stubOf }, entry))
      const misplaced = found.some(({ what }) => what === 'moved' || what === 'inserted')
      previous = misplaced ? { sequence: entry.sequence } : entry
    }
    seen.entries += page.length
  }
}

/** Whether the chain before ends where the first entry of this one says. */
async function checkChainStart(
  { reader, findMarker: stubOf }: Pick<VerificationRun, 'reader' | 'findMarker'>,
  first: ChainedEntry,
) {
  const end = previousChainEnd(first)
  if (end === undefined && startsCorrectly(first)) return []
  const [found] = end === undefined ? [] : await reader.findEntries([end])
  if (
    end !== undefined &&
    (found?.hash === end.hash || (found === undefined && markerCovers(await stubOf(end.chain), end)))
  )
    return []
  const where = end === undefined ? 'nothing' : `entry ${end.sequence} of chain ${end.chain}`
  const message = `chain ${first.chain} begins on ${where}, which is not there as it was: the end of that chain was cut off or changed.`
  return [{ chain: end?.chain ?? first.chain, sequence: end?.sequence ?? 0, what: 'cut-off', message } as const]
}
