import type { ChainedEntry } from '../contract/audit.ts'
import type { Stub } from '../contract/checkpoint.ts'
import { type Before, beginsWell, entryFindings, type Finding, namedEnd, standsFor } from '../rules/verify-chain.ts'
import type { AuditReader, CheckpointStore, Keys, Retention } from './ports.ts'
import { readStatement } from './statements.ts'
import { verifyCheckpoints } from './verify-checkpoints.ts'

/** What a verification saw, and what was wrong. */
export type Verification = {
  chains: number
  entries: number
  /** Signed stubs that stand for old ends of chains, which retention removed. */
  stubs: number
  checkpoints: number
  /** Stubs and checkpoints among them whose key is not at hand: they vouch for nothing. */
  unverifiable: number
  findings: Finding[]
}

/** What a verification needs. */
export type VerifyingParts = {
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Pick<Retention, 'stub'>
  keys: Pick<Keys, 'verify'>
}

/** A verification under way. */
export type Verifying = VerifyingParts & {
  seen: Verification
  tell: (findings: Iterable<Finding>) => void
  /** The newest stub of a chain, as it was when first asked for; undefined where there is none that counts. */
  stubOf: StubOf
}

type StubOf = (chain: string, again?: 'again') => Promise<Stub | undefined>

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

/** Reads stubs, each chain's once: many checkpoints ask for the same ones. */
function stubsIn({ retention, keys }: VerifyingParts, seen: Verification, tell: Verifying['tell']): StubOf {
  const known = new Map<string, Stub | undefined>()
  return async (chain, again) => {
    if (known.has(chain) && again === undefined) return known.get(chain)
    const kept = await retention.stub(chain)
    const stub = kept === undefined ? undefined : await readStatement(keys, 'audit-stub', kept.jws)
    const counts = stub !== undefined && 'says' in stub && stub.says.chain === chain ? stub.says : undefined
    if (stub !== undefined && !known.has(chain)) {
      seen.stubs += 1
      if ('verdict' in stub && stub.verdict === 'unknown-key') seen.unverifiable += 1
      else if (counts === undefined) tell([forged(chain)])
    }
    known.set(chain, counts)
    return counts
  }
}

const forged = (chain: string): Finding => ({
  ...{ chain, sequence: 0, what: 'changed' },
  message: `the stub that stands for the old end of chain ${chain} was not signed as it stands.`,
})

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
