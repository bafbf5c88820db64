import type { Clock } from '../ports.ts'
import type { AuditReader, CheckpointStore } from './ports.ts'
import type { Keys } from '../keys/ports.ts'

/** What taking a checkpoint needs. */
export type CheckpointDeps = {
  reader: AuditReader
  checkpoints: CheckpointStore
  keys: Pick<Keys, 'signStatement'>
  clock: Clock
}

/** How much earlier than a checkpoint an entry may say it was made that came after it: batches wait, and clocks differ. */
const SLACK_MS = 10_000

/**
 * Makes the taker of checkpoints: the ends of all chains that grew since the last one, whoever took it, signed by the active
 * key. From then on nobody can cut these ends off without being found out, who has not the key too.
 * @returns takes one, where something grew; throws ServiceFault `record-unavailable`
 */
export function createCheckpointTaker({ reader, checkpoints, keys, clock }: CheckpointDeps): () => Promise<void> {
  let signed = new Map<string, number>()
  return async () => {
    const time = clock()
    // Not past now, should somebody's clock have been ahead.
    const since = Math.min((await checkpoints.findLastTime()) ?? 0, time) - SLACK_MS
    const ends = await reader.listHeads(since)
    const heads = ends.filter(({ chain, sequence }) => (signed.get(chain) ?? 0) < sequence)
    if (heads.length === 0) return
    await checkpoints.add(time, await keys.signStatement('audit-checkpoint', { iat: Math.floor(time / 1000), heads }))
    signed = new Map(ends.map(({ chain, sequence }) => [chain, sequence]))
  }
}
