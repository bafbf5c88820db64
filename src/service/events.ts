import type { BucketName } from '../contract/bucket-name.ts'

/** Events of the rate limiter. */
export type LimiterEvents = {
  onDecision(bucket: BucketName, allowed: boolean): void
  /** @param by the store that counts from now on */
  onBackendChange(by: 'redis' | 'memory'): void
  onRedisError(error: Error): void
}

/** Events of the signing queue: the time a signature took, and the time it waited before, in milliseconds. */
export type QueueEvents = { onSignature(signingMs: number, waitedMs: number): void }

/** Events of the ledger: a commit of some entries and its duration in milliseconds, or a failed commit. */
export type CommitEvents = { onCommit(ms: number, entries: number): void; onCommitFailed(): void }

/** Ignores all events. */
export const NO_EVENTS: StoreEvents = {
  onError: () => undefined,
  onNewerDatabase: () => undefined,
  onCommit: () => undefined,
  onCommitFailed: () => undefined,
}

/** Events of the store. */
export type StoreEvents = CommitEvents & {
  /** An idle connection broke, or a subscriber of the change bus threw an error. */
  onError(error: Error): void
  /** A newer version added these migrations, with which this version can run. */
  onNewerDatabase(migrations: readonly string[]): void
}

/** Events of the files that are watched. */
type FileEvents = {
  /** Changes of these files no longer arrive, because they were replaced on the host; none if all changes arrive. */
  onFilesDetached(what: 'policy' | 'keys', paths: readonly string[]): void
}

/** Events of the policy. */
export type PolicyEvents = FileEvents & { onPolicyReload(outcome: ReloadOutcome): void }

/** Events of the signing keys. */
export type KeyEvents = FileEvents & {
  onKeysReload(outcome: ReloadOutcome): void
  /** A key was selected, and will sign from `at` on, in epoch milliseconds. */
  onKeyPending(kid: string, at: number): void
  /** Another key signs from now on. */
  onKeyActivated(kid: string): void
}

/** The result of a reload: whether something changed, and the error if it failed. */
export type ReloadOutcome = { fault?: unknown; changed: boolean }
