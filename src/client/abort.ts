/**
 * Waits for work, but no longer than until the signal aborts. The work itself is not cancelled.
 * @throws the signal's reason, in the same turn in which it aborts; otherwise what the work throws
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(toError(signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    // Attached in every case, so that work that fails after the abort is no unhandled rejection.
    void work.then(resolve, reject).then(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
  })
}

/**
 * Waits until the work resolves, but no longer than a time limit. The timer never outlives the call.
 * @param ms the time limit, in milliseconds
 * @returns whether the work resolved in time
 * @throws the signal's reason, in the same turn in which it aborts; otherwise what the work throws
 */
export async function isDoneWithin(work: Promise<void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await untilAborted(Promise.race([work.then(() => true), limit]), signal)
  } finally {
    clearTimeout(timer)
  }
}

/** Waits. @throws the signal's reason, in the same turn in which it aborts */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await isDoneWithin(never(), ms, signal)
}

/** A promise that never settles. */
export const never = (): Promise<never> => new Promise(() => undefined)

const toError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
