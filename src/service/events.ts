/** Events of the rate limiter. */
export type LimiterEvents = {
  /** @param bucket the kind of bucket: the part of its key before the colon */
  onDecision(bucket: string, allowed: boolean): void
  /** @param by the store that counts from now on */
  onBackendChange(by: 'redis' | 'memory'): void
  onRedisError(error: Error): void
}

/** Events of the signing queue: the time a signature took, and the time it waited before, in milliseconds. */
export type QueueEvents = { signed(signingMs: number, waitedMs: number): void }

/** Events of the ledger: a commit of some entries and its duration in milliseconds, or a failed commit. */
export type CommitEvents = { committed(ms: number, entries: number): void; commitFailed(): void }

/** Ignores all events. */
export const NO_EVENTS: StoreEvents = {
  onError: () => undefined,
  committed: () => undefined,
  commitFailed: () => undefined,
}

/** Events of the store. */
export type StoreEvents = CommitEvents & {
  /** An idle connection broke, or a subscriber of the change bus threw an error. */
  onError(error: Error): void
}

/** The result of a reload: whether something changed, and the error if it failed. */
export type ReloadOutcome = { fault?: unknown; changed: boolean }
