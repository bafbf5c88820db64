/** Creates a sleep that another function can end early. */
export function createInterruptibleSleep() {
  let wake = () => undefined as void
  return {
    /** Ends the current sleep, if there is one. */
    wake: () => wake(),
    /** Resolves after this time or when `wake` is called. One sleep at a time. @param ms milliseconds */
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

export type InterruptibleSleep = ReturnType<typeof createInterruptibleSleep>
