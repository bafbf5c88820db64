import { CHECKPOINT_CHAIN, type ChainHead } from '../../contract/audit/checkpoint.ts'
import { type Finding, markerCovers } from '../../rules/audit/verify-chain.ts'
import { readStatement } from './statements.ts'
import type { VerificationRun } from './verification.ts'

/** Verifies that no checkpoint is missing, that each has a valid signature, and that the chains contain its heads. */
export async function verifyCheckpoints(run: VerificationRun): Promise<void> {
  const { checkpoints, keys, result, report } = run
  for (let after = 0; ;) {
    const page = await checkpoints.readPage(after)
    if (page.length === 0) return
    const heads: ChainHead[] = []
    for (const { number, jws } of page) {
      if (number !== after + 1) report(await findMissing(run, after + 1, number - 1))
      after = number
      result.checkpoints += 1
      const checkpoint = await readStatement(keys, 'audit-checkpoint', jws)
      if ('payload' in checkpoint) heads.push(...checkpoint.payload.heads)
      else if (checkpoint.verdict === 'unknown-key') result.unverifiable += 1
      else report([forgedCheckpoint(number)])
    }
    report(await checkHeads(run, heads))
  }
}

async function findMissing({ findMarker }: VerificationRun, from: number, to: number): Promise<Finding[]> {
  const marker = await findMarker(CHECKPOINT_CHAIN, 'refresh')
  if (marker !== undefined && marker.sequence >= to) return []
  const message = from === to ? `checkpoint ${from} was removed.` : `checkpoints ${from} to ${to} were removed.`
  return [{ chain: CHECKPOINT_CHAIN, sequence: from, what: 'removed', message }]
}

const forgedCheckpoint = (number: number): Finding => ({
  ...{ chain: CHECKPOINT_CHAIN, sequence: number, what: 'changed' },
  message: `checkpoint ${number} has no valid signature.`,
})

/** Checks that the entries at these heads exist unchanged, or that a retention marker covers them. */
async function checkHeads({ reader, findMarker }: VerificationRun, heads: readonly ChainHead[]): Promise<Finding[]> {
  const hashes = new Map((await reader.findEntries(heads)).map((entry) => [positionKey(entry), entry.hash]))
  const findings: Finding[] = []
  for (const head of heads) {
    const { chain, sequence, hash } = head
    const actual = hashes.get(positionKey(head))
    if (actual === hash || (actual === undefined && markerCovers(await findMarker(chain), head))) continue
    const [what, problem] =
      actual === undefined
        ? (['cut-off', 'is missing: the end of the chain was cut off.'] as const)
        : (['changed', 'is not the entry that the checkpoint signed.'] as const)
    findings.push({
      chain,
      sequence,
      what,
      message: `entry ${sequence} of chain ${chain}, signed by a checkpoint, ${problem}`,
    })
  }
  return findings
}

const positionKey = ({ chain, sequence }: Pick<ChainHead, 'chain' | 'sequence'>): string => `${chain}:${sequence}`
