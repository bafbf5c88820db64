/** Work that nobody waits for. */
export type Background = {
  /** Begins a piece of work. */
  run(work: () => Promise<unknown>): void
  /** Resolves once all that was begun is done. */
  waitUntilIdle(): Promise<void>
}

/** @param onError is told what a piece of work throws */
export function createBackground(onError: (error: Error) => void): Background {
  const underWay = new Set<Promise<unknown>>()
  return {
    run(work) {
      const done: Promise<unknown> = work()
        .catch((error: unknown) => onError(error instanceof Error ? error : new Error(String(error))))
        .finally(() => underWay.delete(done))
      underWay.add(done)
    },
    async waitUntilIdle() {
      await Promise.all(underWay)
    },
  }
}
