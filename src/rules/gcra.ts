/** What came of taking one from a bucket. */
export type Take = {
  allowed: boolean
  /** How many more may be taken at once. */
  remaining: number
  /** Milliseconds until the bucket is full again. */
  resetMs: number
  /** Milliseconds until the next one may be taken; 0 where one may be taken now. */
  retryAfterMs: number
}

/** The window of every limit, in milliseconds. */
export const WINDOW_MS = 60_000

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket of `perMinute` that refills evenly, in one number.
 * Without edges of windows: never are more than `perMinute`, and what a minute refills, let through.
 * @param fullAtMs when the bucket would be full (the "theoretical arrival time"), or undefined for a full one
 * @param perMinute at least 1
 * @param nowMs any clock
 * @returns what came of it, and when the bucket is full now
 */
export function takeFromBucket(
  fullAtMs: number | undefined,
  perMinute: number,
  nowMs: number,
): Take & { fullAtMs: number } {
  const stepMs = WINDOW_MS / perMinute
  // A clock that was set back must not lock anybody out for longer than a window.
  const full = Math.min(Math.max(fullAtMs ?? nowMs, nowMs), nowMs + WINDOW_MS)
  const next = full + stepMs
  // Half a microsecond forgives what floating point adds up to over many steps.
  const overMs = next - nowMs - WINDOW_MS - 0.0005
  if (overMs > 0) return { allowed: false, remaining: 0, resetMs: full - nowMs, retryAfterMs: overMs, fullAtMs: full }
  const remaining = Math.floor((WINDOW_MS - (next - nowMs)) / stepMs + 1e-6)
  return { allowed: true, remaining, resetMs: next - nowMs, retryAfterMs: 0, fullAtMs: next }
}

/** The first ban and the longest one, in milliseconds. */
export const FIRST_BAN_MS = 60_000
export const MAX_BAN_MS = 3_600_000

/** For how long strikes are remembered, in milliseconds. */
export const STRIKES_RETAINED_MS = 24 * 3_600_000

/** @param strikes how often a limit of failures was passed, from 1; @returns a minute, doubling up to an hour */
export const banDurationMs = (strikes: number): number => Math.min(FIRST_BAN_MS * 2 ** (strikes - 1), MAX_BAN_MS)
