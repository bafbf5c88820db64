/** How many ids may wait for the connection; where it would be more, all listeners everywhere are told instead. */
const MAX_UNSENT = 10_000

/** The rings that others have yet to be told of. */
export function createOutbox() {
  let ids = new Set<string>()
  const put = (id: string) => {
    if (ids.size >= MAX_UNSENT) ids = new Set([EVERY])
    else if (UUID.test(id)) ids.add(id)
  }
  return {
    put,
    isEmpty: () => ids.size === 0,
    /** Takes all out while they are sent: one that rings meanwhile is sent again. Puts them back where that fails. */
    async send(deliver: (ids: string[]) => Promise<void>): Promise<void> {
      const taken = [...ids]
      ids = new Set()
      try {
        await deliver(taken)
      } catch (error) {
        taken.forEach(put)
        throw error
      }
    },
  }
}

/** A pause that can be ended. */
export function createPause() {
  let wake = () => undefined as void
  return {
    wake: () => wake(),
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

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Stands for every consultation (the nil UUID, RFC 9562, section 5.9). */
export const EVERY = '00000000-0000-0000-0000-000000000000'
