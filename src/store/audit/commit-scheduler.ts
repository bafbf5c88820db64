import { setTimeout } from 'node:timers/promises'

/**
 * The least time between the starts of two commits, in milliseconds. A single entry is committed at once; under load,
 * entries wait for the next commit and share its disk flush, like `commit_delay` of PostgreSQL. Measured on SQLite at
 * 500 and at 1000 appends per second, with the interval and without it in alternation: the interval halves the CPU
 * time per entry (ratio 0.47 and 0.48).
 */
const MIN_COMMIT_INTERVAL_MS = 10

/** The group-commit delay as a share of the expected wait for a signature. */
const DELAY_SHARE = 1 / 20
/**
 * The upper bound of the delay. Measured like the interval: 50 ms halve the CPU time per entry again (ratio 0.46 to
 * 0.63).
 */
const MAX_GROUP_COMMIT_DELAY_MS = 50

/**
 * Computes the group-commit delay: if requests wait long for a signature, commits may be further apart.
 * @param signingWaitMs the expected wait for a signature, in milliseconds
 * @returns milliseconds, 50 at most
 */
export const groupCommitDelayMs = (signingWaitMs: number): number =>
  Math.min(signingWaitMs * DELAY_SHARE, MAX_GROUP_COMMIT_DELAY_MS)

/**
 * Upper bound of the commit interval, which doubles with each failure. A request waits that long for a commit at
 * most.
 */
const MAX_COMMIT_INTERVAL_MS = 500

/**
 * Creates a scheduler that spaces out commits.
 * @param signingWaitMs returns the expected wait for a signature, in milliseconds
 */
export function createCommitScheduler(signingWaitMs: () => number) {
  let startedAt = -Infinity
  let intervalMs = MIN_COMMIT_INTERVAL_MS
  let failed = false
  return {
    /**
     * Resolves when the next commit may start.
     * @param isFull whether a full batch is waiting; it does not wait for the interval, except after a failure
     */
    async waitUntilDue(isFull: boolean): Promise<void> {
      const delayMs = startedAt + Math.max(intervalMs, groupCommitDelayMs(signingWaitMs())) - performance.now()
      if (delayMs > 0 && (failed || !isFull)) await setTimeout(delayMs)
      startedAt = performance.now()
    },
    /** Resets the interval. @returns the duration of the commit, in milliseconds */
    recordSuccess(): number {
      failed = false
      intervalMs = MIN_COMMIT_INTERVAL_MS
      return performance.now() - startedAt
    },
    /** Doubles the interval. */
    recordFailure(): void {
      failed = true
      intervalMs = Math.min(2 * intervalMs, MAX_COMMIT_INTERVAL_MS)
    },
    /**
     * Returns whether the last commit failed, and clears the failure: a probe row may fit on a full disk when an
     * entry does not, so the first probe after a failure must fail, and the next one must write.
     */
    consumeFailure(): boolean {
      const hasFailed = failed
      failed = false
      return hasFailed
    },
  }
}
