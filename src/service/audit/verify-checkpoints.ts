import { CHECKPOINT_CHAIN, type ChainHead } from '../../contract/audit/checkpoint.ts'
import { type Finding, markerCovers } from '../../rules/audit/verify-chain.ts'
import { readStatement } from './statements.ts'
import type { VerificationRun } from './verification.ts'

/** Verifies that no checkpoint is missing, that each was signed as it stands, and that the chains hold what it says. */
export async function verifyCheckpoints(verifying: VerificationRun): Promise<void> {
  const { checkpoints, keys, seen, report: tell } = verifying
  for (let after = 0; ;) {
    const page = await checkpoints.readPage(after)
    if (page.length === 0) return
    const heads: ChainHead[] = []
    for (const { number, jws } of page) {
      if (number !== after + 1) tell(await missingCheckpoints(verifying, after + 1, number - 1))
      after = number
      seen.checkpoints += 1
      const checkpoint = await readStatement(keys, 'audit-checkpoint', jws)
      if ('says' in checkpoint) heads.push(...checkpoint.says.heads)
      else if (checkpoint.verdict === 'unknown-key') seen.unverifiable += 1
      else tell([forged(number)])
    }
    tell(await headFindings(verifying, heads))
  }
}

async function missingCheckpoints(
  { findMarker: stubOf }: VerificationRun,
  from: number,
  to: number,
): Promise<Finding[]> {
  const stub = await stubOf(CHECKPOINT_CHAIN, 'again')
  if (stub !== undefined && stub.sequence >= to) return []
  const message = from === to ? `checkpoint ${from} was removed.` : `checkpoints ${from} to ${to} were removed.`
  return [{ chain: CHECKPOINT_CHAIN, sequence: from, what: 'removed', message }]
}

const forged = (number: number): Finding => ({
  ...{ chain: CHECKPOINT_CHAIN, sequence: number, what: 'changed' },
  message: `checkpoint ${number} was not signed as it stands.`,
})

/** Whether the entries up to which checkpoints vouch are there as they were, or were removed by retention. */
async function headFindings(
  { reader, findMarker: stubOf }: VerificationRun,
  heads: readonly ChainHead[],
): Promise<Finding[]> {
  const there = new Map((await reader.findEntries(heads)).map((entry) => [positionKey(entry), entry.hash]))
  const findings: Finding[] = []
  for (const head of heads) {
    const { chain, sequence, hash } = head
    const found = there.get(positionKey(head))
    if (found === hash || (found === undefined && markerCovers(await stubOf(chain), head))) continue
    const [what, how] =
      found === undefined
        ? (['cut-off', 'is not there: the end of the chain was cut off.'] as const)
        : (['changed', 'is not the one that was signed.'] as const)
    const message = `entry ${sequence} of chain ${chain}, up to which a checkpoint vouches, ${how}`
    findings.push({ chain, sequence, what, message })
  }
  return findings
}

const positionKey = ({ chain, sequence }: Pick<ChainHead, 'chain' | 'sequence'>): string => `${chain}:${sequence}`
