import type { ChainHead } from '../contract/checkpoint.ts'
import type { AuditReader, CheckpointStore, Clock, Keys } from './ports.ts'

/** What taking a checkpoint needs. */
export type CheckpointParts = {
  reader: AuditReader
  checkpoints: CheckpointStore
  keys: Pick<Keys, 'attest'>
  clock: Clock
}

/**
 * Makes the taker of checkpoints: the ends of all chains that grew since it took the last one, signed by the active key. From
 * then on nobody can cut these ends off without being found out, who has not the key too.
 * @returns takes one, where something grew; throws ServiceFault `overloaded`, `record-unavailable`
 */
export function checkpointer({ reader, checkpoints, keys, clock }: CheckpointParts): () => Promise<void> {
  const signed = new Map<string, number>()
  return async () => {
    const heads: ChainHead[] = (await reader.heads()).filter(
      ({ chain, sequence }) => (signed.get(chain) ?? 0) < sequence,
    )
    if (heads.length === 0) return
    const time = clock()
    await checkpoints.add(time, await keys.attest({ iat: Math.floor(time / 1000), heads }))
    for (const { chain, sequence } of heads) signed.set(chain, sequence)
  }
}
