import type { PendingKey } from '../rules/key-ring.ts'
import type { KeyEvents } from '../service/events.ts'
import type { Clock } from '../service/ports.ts'

/** Calls a function once after a delay in milliseconds. @returns a function that cancels the call */
export type Schedule = (run: () => void, delayMs: number) => () => void

/** A schedule that does not keep the process running. */
export const scheduleTimeout: Schedule = (run, delayMs) => {
  const timer = setTimeout(run, delayMs).unref()
  return () => clearTimeout(timer)
}

/** The id of the key that signs, and the selected key that does not sign yet. */
type SigningState = { activeId: string; pending?: PendingKey | undefined }

type FollowDeps = { events: KeyEvents; kidOf: (keyId: string) => string; clock: Clock; schedule: Schedule }

/** Milliseconds until a failed activation is tried again. It can fail because the database is unavailable. */
const RETRY_MS = 10_000

/**
 * Follows which key signs: reports every activation, and starts a pending one when it is due.
 * @param first the state at the start
 * @param activate loads the keys again, and then calls `update`
 * @returns `update`, which receives the state after every reload, and whether the reload failed
 */
export function followActivations(
  first: SigningState,
  activate: () => void,
  { events, kidOf, clock, schedule }: FollowDeps,
): { update(state: SigningState, failed: boolean): void; close(): void } {
  let last: SigningState = { activeId: first.activeId }
  let cancel = (): void => undefined
  let isClosed = false
  const update = (state: SigningState, failed: boolean): void => {
    if (isClosed) return
    cancel()
    const { activeId, pending } = state
    if (activeId !== last.activeId) events.onKeyActivated(kidOf(activeId))
    if (pending !== undefined) {
      if (!isSamePending(pending, last.pending)) events.onKeyPending(kidOf(pending.keyId), pending.at)
      cancel = schedule(activate, Math.max(pending.at - clock(), failed ? RETRY_MS : 0))
    }
    last = state
  }
  update(first, false)
  return {
    update,
    close() {
      isClosed = true
      cancel()
    },
  }
}

/** @returns whether the same key will sign from the same time on */
export const isSamePending = (one: PendingKey | undefined, other: PendingKey | undefined): boolean =>
  one?.keyId === other?.keyId && one?.at === other?.at
