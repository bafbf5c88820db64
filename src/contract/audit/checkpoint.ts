import type { ChainedEntry } from './audit-entry.ts'

/** The end of a chain as it was when a checkpoint was taken. */
export type ChainHead = Pick<ChainedEntry, 'chain' | 'sequence' | 'hash'>

/** What a checkpoint says: where the chains ended that had grown since the one before. Times are Unix seconds. */
type Checkpoint = { iat: number; heads: ChainHead[] }

/**
 * What a stub says, which stands for the old end of a chain that retention removed: the last entry that was removed. All
 * before it was removed too.
 */
export type RetentionMarker = ChainHead & {
  iat: number
  /** Whose chain it is, and when its first entry was made (epoch milliseconds). */
  writer?: string
  began: number
}

/** The chain of a stub that stands for checkpoints; its sequences are their numbers, its hash that of the last one's JWS. */
export const CHECKPOINT_CHAIN = 'checkpoints'

/**
 * What the active key signs beside tokens, by the `typ` of its header: no token is called so, and no verifier takes it for
 * one.
 */
export type SignedStatements = { 'audit-checkpoint': Checkpoint; 'audit-stub': RetentionMarker }
