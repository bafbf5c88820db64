import { ALL_IDS, isChangeId } from './change-ids.ts'

/** The most ids that wait for the connection. If there are more, `ALL_IDS` replaces them. */
const MAX_UNSENT = 10_000

/** Creates an outbox: the ids of changes that the other instances have not received yet. */
export function createOutbox() {
  let ids = new Set<string>()
  const put = (id: string) => {
    if (ids.size >= MAX_UNSENT) ids = new Set([ALL_IDS])
    else if (isChangeId(id)) ids.add(id)
  }
  return {
    put,
    isEmpty: () => ids.size === 0,
    /**
     * Empties the outbox and sends its ids. An id that is put meanwhile is sent by the next call.
     * @throws the error of `deliver`; the ids are in the outbox again then
     */
    async send(deliver: (ids: string[]) => Promise<void>): Promise<void> {
      const batch = [...ids]
      ids = new Set()
      try {
        await deliver(batch)
      } catch (error) {
        batch.forEach(put)
        throw error
      }
    },
  }
}

export type Outbox = ReturnType<typeof createOutbox>
