/** The outcome of taking one token from a bucket. */
export type Take = {
  allowed: boolean
  /** How many more can be taken immediately. */
  remaining: number
  /** Milliseconds until the bucket is full again. */
  resetMs: number
  /** Milliseconds until the next one can be taken; 0 if one can be taken now. */
  retryAfterMs: number
}

/** The window of every limit, in milliseconds. */
export const WINDOW_MS = 60_000

/**
 * Takes one from a bucket of `perMinute` that refills evenly (generic cell rate algorithm, ITU-T I.371). The state is one
 * number. There are no window boundaries at which twice the limit could pass.
 * @param fullAtMs when the bucket is full again (the "theoretical arrival time"); undefined for a full bucket
 * @param perMinute at least 1
 * @param nowMs milliseconds of any clock
 * @returns the outcome, and when the bucket is full again
 */
export function takeFromBucket(
  fullAtMs: number | undefined,
  perMinute: number,
  nowMs: number,
): Take & { fullAtMs: number } {
  const stepMs = WINDOW_MS / perMinute
  // If the clock was set back, a caller waits no longer than one window.
  const full = Math.min(Math.max(fullAtMs ?? nowMs, nowMs), nowMs + WINDOW_MS)
  const next = full + stepMs
  // A tolerance of half a microsecond for the rounding errors of many steps.
  const overMs = next - nowMs - WINDOW_MS - 0.0005
  if (overMs > 0) return { allowed: false, remaining: 0, resetMs: full - nowMs, retryAfterMs: overMs, fullAtMs: full }
  const remaining = Math.floor((WINDOW_MS - (next - nowMs)) / stepMs + 1e-6)
  return { allowed: true, remaining, resetMs: next - nowMs, retryAfterMs: 0, fullAtMs: next }
}
