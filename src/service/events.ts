import type { BucketName } from '../contract/bucket-name.ts'

/** Is told of each decision, which store counts, whenever that changes, and why Redis could not be reached. */
export type LimiterEvents = {
  onDecision(bucket: BucketName, allowed: boolean): void
  onBackendChange(by: 'redis' | 'memory'): void
  onRedisError(error: Error): void
}

/** Is told of each signature, in milliseconds: how long it took once it was handed over, and how long it had waited. */
export type QueueEvents = { onSignature(signingMs: number, waitedMs: number): void }

/** Is told of each commit: how many milliseconds it took for how many entries, or that it failed. */
export type CommitEvents = { onCommit(ms: number, entries: number): void; onCommitFailed(): void }

/** For whoever does not want to know. */
export const NO_EVENTS: StoreEvents = {
  onError: () => undefined,
  onCommit: () => undefined,
  onCommitFailed: () => undefined,
}

/** Is told how the record fares. */
export type StoreEvents = CommitEvents & {
  /** A connection broke while nobody used it, or somebody who was told of a change failed. */
  onError(error: Error): void
}

/** How a reload ended. */
export type ReloadOutcome = { fault?: unknown; changed: boolean }
