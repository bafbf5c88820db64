import type { ChainedEntry } from '../contract/audit.ts'
import type { Checkpoint } from '../contract/checkpoint.ts'
import { beginsWell, entryFindings, type Finding, namedEnd } from '../rules/verify-chain.ts'
import { isMembers, tokenParts } from '../rules/token-parts.ts'
import type { AuditReader, CheckpointStore, Keys } from './ports.ts'

/** What a verification saw, and what was wrong. */
export type Verification = {
  chains: number
  entries: number
  /** Checkpoints that were held against the chains, and those whose key is published no more. */
  checkpoints: number
  unverifiable: number
  findings: Finding[]
}

/** What a verification needs. */
export type VerifyingParts = { reader: AuditReader; checkpoints: CheckpointStore; keys: Pick<Keys, 'verify'> }

/** Findings that are told; past it the record is so broken that more say nothing. */
const MAX_FINDINGS = 1000

/**
 * Verifies every chain: sequence, hashes, links, and that each chain ends where the next one of its writer says. It reads
 * page by page, so that its memory does not grow with the record.
 */
export async function verifyAudit({ reader, checkpoints, keys }: VerifyingParts): Promise<Verification> {
  const seen: Verification = { chains: 0, entries: 0, checkpoints: 0, unverifiable: 0, findings: [] }
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
  for (let after = 0; ;) {
    const page = await checkpoints.page(after)
    for (const { number, jws } of page) {
      if (number !== after + 1) tell([checkpointGone(after + 1, number - 1)])
      after = number
      const verdict = await verdictOn(jws, keys)
      if (verdict === 'unknown-key') seen.unverifiable += 1
      else if (verdict === 'invalid') tell([checkpointForged(number)])
      else for (const head of checkpointOf(jws).heads) tell(await headFindings(reader, head))
      seen.checkpoints += 1
    }
    if (page.length === 0) return seen
  }
}

function verdictOn(jws: string, keys: Pick<Keys, 'verify'>) {
  const kid = tokenParts(jws)?.header['kid']
  return keys.verify(jws, typeof kid === 'string' ? kid : undefined)
}

/** What a checkpoint says, once its signature was verified: the shape is our own. */
function checkpointOf(jws: string): Checkpoint {
  const claims = tokenParts(jws)?.claims
  return (isMembers(claims) && Array.isArray(claims['heads']) ? claims : { iat: 0, heads: [] }) as Checkpoint
}

const checkpointGone = (from: number, to: number): Finding => ({
  ...{ chain: 'checkpoints', sequence: from, what: 'removed' },
  message: from === to ? `checkpoint ${from} was removed.` : `checkpoints ${from} to ${to} were removed.`,
})

const checkpointForged = (number: number): Finding => ({
  ...{ chain: 'checkpoints', sequence: number, what: 'changed' },
  message: `checkpoint ${number} was not signed as it stands.`,
})

/** Whether an entry is there as it was when its chain ended with it. */
async function headFindings(
  reader: AuditReader,
  { chain, sequence, hash }: Checkpoint['heads'][number],
): Promise<Finding[]> {
  const entry = await reader.entry(chain, sequence)
  if (entry?.hash === hash) return []
  const how =
    entry === undefined ? 'is not there: the end of the chain was cut off.' : 'is not the one that was signed.'
  const message = `entry ${sequence} of chain ${chain}, up to which a checkpoint vouches, ${how}`
  return [{ chain, sequence, what: entry === undefined ? 'cut-off' : 'changed', message }]
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
