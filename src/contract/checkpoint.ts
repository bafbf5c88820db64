import type { ChainedEntry } from './audit.ts'

/** The end of a chain as it was when a checkpoint was taken. */
export type ChainHead = Pick<ChainedEntry, 'chain' | 'sequence' | 'hash'>

/** What a checkpoint says: where the chains ended that had grown since the one before. Times are Unix seconds. */
export type Checkpoint = { iat: number; heads: ChainHead[] }

/** The `typ` of a checkpoint's header: no token is called so, and no verifier takes it for one. */
export const CHECKPOINT_TYPE = 'audit-checkpoint'
