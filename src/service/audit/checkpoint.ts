import type { Clock } from '../ports.ts'
import type { AuditReader, CheckpointStore } from './ports.ts'
import type { Keys } from '../keys/ports.ts'

export type CheckpointDeps = {
  reader: AuditReader
  checkpoints: CheckpointStore
  keys: Pick<Keys, 'signStatement'>
  clock: Clock
}

/** How far an entry's time may lie before a checkpoint that the entry missed: batches wait, and clocks differ. */
const SLACK_MS = 10_000

/**
 * Creates a function that takes a checkpoint: it signs the heads of all chains that grew since the last checkpoint of any
 * instance, with the active key. An attacker without that key cannot truncate these chains unnoticed afterwards.
 * @returns a function that adds a checkpoint if a chain grew; it throws ServiceFault `record-unavailable`
 */
export function createCheckpointTaker({ reader, checkpoints, keys, clock }: CheckpointDeps): () => Promise<void> {
  let signedSequences = new Map<string, number>()
  return async () => {
    const time = clock()
    // The last checkpoint may lie in the future when the clock of another instance is ahead.
    const since = Math.min((await checkpoints.findLastTime()) ?? 0, time) - SLACK_MS
    const recentHeads = await reader.listHeads(since)
    const heads = recentHeads.filter(({ chain, sequence }) => (signedSequences.get(chain) ?? 0) < sequence)
    if (heads.length === 0) return
    await checkpoints.add(time, await keys.signStatement('audit-checkpoint', { iat: Math.floor(time / 1000), heads }))
    signedSequences = new Map(recentHeads.map(({ chain, sequence }) => [chain, sequence]))
  }
}
