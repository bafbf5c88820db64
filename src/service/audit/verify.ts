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

/** The most findings that are reported. */
const MAX_FINDINGS = 1000

/**
 * Verifies every chain: the sequence, hash and link of each entry, and the link of each chain to the end of the chain before
 * it. Then it checks the chains against the retention markers and checkpoints. It reads page by page, so its memory does not
 * grow with the audit record.
 * @throws ServiceFault `record-unavailable`
 */
export async function verifyAudit(deps: VerifyAuditDeps): Promise<Verification> {
  const result: Verification = { chains: 0, entries: 0, stubs: 0, checkpoints: 0, unverifiable: 0, findings: [] }
  const report = (findings: Iterable<Finding>) => {
    for (const finding of findings) if (result.findings.length < MAX_FINDINGS) result.findings.push(finding)
  }
  const run: VerificationRun = { ...deps, result, report, findMarker: createMarkerFinder(deps, result, report) }
  for (let after = ''; ;) {
    const chains = await deps.reader.listChains(after)
    for (const chain of chains) await verifyChain(run, chain)
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  await verifyCheckpoints(run)
  return result
}

async function verifyChain({ reader, result, report, findMarker }: VerificationRun, chain: string): Promise<void> {
  result.chains += 1
  let previous: PreviousEntry | undefined
  let marker: RetentionMarker | undefined
  for (;;) {
    const page = await reader.readPage(chain, previous?.sequence ?? 0)
    if (page.length === 0) return
    for (const entry of page) {
      // Retention may remove entries meanwhile: a gap is checked against the newest marker.
      if (entry.sequence !== (previous?.sequence ?? 0) + 1) marker = await findMarker(chain, 'refresh')
      const findings = [...entryFindings(previous, entry, marker)]
      report(findings)
      if (entry.sequence === 1 && findings.length === 0) report(await checkChainStart({ reader, findMarker }, entry))
      const isMisplaced = findings.some(({ what }) => what === 'moved' || what === 'inserted')
      previous = isMisplaced ? { sequence: entry.sequence } : entry
    }
    result.entries += page.length
  }
}

/** Checks that the chain before ends at the entry that the first entry of this chain links to. */
async function checkChainStart(
  { reader, findMarker }: Pick<VerificationRun, 'reader' | 'findMarker'>,
  first: ChainedEntry,
): Promise<Finding[]> {
  const end = previousChainEnd(first)
  if (end === undefined && startsCorrectly(first)) return []
  const [actual] = end === undefined ? [] : await reader.findEntries([end])
  const isIntact =
    end !== undefined &&
    (actual?.hash === end.hash || (actual === undefined && markerCovers(await findMarker(end.chain), end)))
  if (isIntact) return []
  const message =
    end === undefined
      ? `the first entry of chain ${first.chain} has a previous hash but names no previous chain: it was changed.`
      : `chain ${first.chain} begins on entry ${end.sequence} of chain ${end.chain}, which is missing or changed: the end of that chain was cut off or changed.`
  return [{ chain: end?.chain ?? first.chain, sequence: end?.sequence ?? 0, what: 'cut-off', message }]
}
