import type { ChainedEntry } from './audit-entry.ts'

/** The position and hash of the last entry of a chain. */
export type ChainHead = Pick<ChainedEntry, 'chain' | 'sequence' | 'hash'>

/**
 * The payload of a checkpoint: the heads of the chains that have grown since the last checkpoint. `iat` is in Unix
 * seconds.
 */
type Checkpoint = { iat: number; heads: ChainHead[] }

/**
 * The payload of a retention marker: the last entry that retention removed from the beginning of a chain. All entries
 * before it were removed as well. `iat` is in Unix seconds.
 */
export type RetentionMarker = ChainHead & {
  iat: number
  /** The writer of the chain. */
  writer?: string
  /** When the first entry of the chain was written, in epoch milliseconds. */
  began: number
}

/**
 * The `chain` of a retention marker for checkpoints. Its `sequence` is the number of the last removed checkpoint, its
 * `hash` the hash of that checkpoint's JWS.
 */
export const CHECKPOINT_CHAIN = 'checkpoints'

/**
 * The statements that the active key signs in addition to tokens, by the `typ` of their header. No token has these
 * types, so no verifier accepts a statement as a token.
 */
export type SignedStatements = { 'audit-checkpoint': Checkpoint; 'audit-stub': RetentionMarker }
