import { setTimeout } from 'node:timers/promises'

/**
 * The least time between two commits. Who comes alone does not wait; under load entries wait for each other and share what
 * it costs to reach the disk, as with `commit_delay` of PostgreSQL.
 */
const COMMIT_INTERVAL_MS = 10

/** So much of another wait entries wait for each other, and no longer than this. */
const PART_OF_WAIT = 1 / 20
const MAX_GROUP_COMMIT_DELAY_MS = 50

/**
 * How long entries wait for each other where whoever asks waits for something else anyway.
 * @param waitMs for how long that is, in milliseconds
 */
export const groupCommitDelayMs = (waitMs: number): number => Math.min(waitMs * PART_OF_WAIT, MAX_GROUP_COMMIT_DELAY_MS)

/** After failures commits are tried ever more seldom, but no more seldom than this: whoever asks waits that long at most. */
const MAX_COMMIT_INTERVAL_MS = 500

/**
 * When commits are due: apart from each other, and after failures ever more seldom.
 * @param waitMs how long whoever comes now waits for something else, in milliseconds
 */
export function createCommitScheduler(waitMs: () => number) {
  let beganAt = -Infinity
  let intervalMs = COMMIT_INTERVAL_MS
  let failed = false
  return {
    /** Resolves when one is due. @param isFull whether as many wait as go together; after a failure they wait all the same */
    async due(isFull: boolean): Promise<void> {
      const earlyMs = beganAt + Math.max(intervalMs, groupCommitDelayMs(waitMs())) - performance.now()
      if (earlyMs > 0 && (failed || !isFull)) await setTimeout(earlyMs)
      beganAt = performance.now()
    },
    /** @returns how long it took, in milliseconds */
    succeed(): number {
      failed = false
      intervalMs = COMMIT_INTERVAL_MS
      return performance.now() - beganAt
    },
    fail(): void {
      failed = true
      intervalMs = Math.min(2 * intervalMs, MAX_COMMIT_INTERVAL_MS)
    },
    /** @returns whether the last one failed; told once, for less may still fit on a full disk, and then a probe tries anew */
    tellFailure(): boolean {
      const told = failed
      failed = false
      return told
    },
  }
}
