/** Runs work that no request waits for. */
export type Background = {
  /** Starts a task. */
  run(task: () => Promise<unknown>): void
  /** Resolves when the tasks that were started have ended. */
  waitUntilIdle(): Promise<void>
}

/** @param onError called with the error of a task that fails */
export function createBackground(onError: (error: Error) => void): Background {
  const running = new Set<Promise<unknown>>()
  return {
    run(task) {
      const promise: Promise<unknown> = task()
        .catch((error: unknown) => onError(error instanceof Error ? error : new Error(String(error))))
        .finally(() => running.delete(promise))
      running.add(promise)
    },
    async waitUntilIdle() {
      await Promise.all(running)
    },
  }
}
