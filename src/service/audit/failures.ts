import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { Clock, FailureRecorder, Ledger } from '../ports.ts'

/** The most networks that are recorded apart between two flushes; the others share one entry without an address. */
const MAX_NETWORKS = 1000

/** The refusals since the last flush that are not in the record yet, with the first of them. */
type Pending = { first: AuditEntry; count: number }

/**
 * Creates a recorder of failures. If the process is killed, the counts since the last flush are lost.
 * @param ledger the ledger of anonymous entries, whose chain has a retention of its own
 */
export function createFailureRecorder(ledger: Pick<Ledger, 'append'>, clock: Clock): FailureRecorder {
  /** By network, action and code; undefined if the entry that opened the window is the only one. */
  const windows = new Map<string, Pending | undefined>()

  function add(key: string, entry: AuditEntry, count: number): void {
    const pending = windows.get(key)
    windows.set(key, { first: pending?.first ?? entry, count: (pending?.count ?? 0) + count })
  }

  return {
    async record(entry, networks) {
      const own = `${networks.at(-1)?.network ?? ''} ${entry.action} ${entry.code ?? ''}`
      const isOverflow = !windows.has(own) && windows.size >= MAX_NETWORKS
      const key = isOverflow ? `${entry.action} ${entry.code ?? ''}` : own
      const { address: _address, ...withoutAddress } = entry
      if (isOverflow || windows.has(key)) return add(key, isOverflow ? withoutAddress : entry, 1)
      windows.set(key, undefined)
      try {
        await ledger.append(entry)
      } catch (error) {
        if (windows.get(key) === undefined) windows.delete(key)
        throw error
      }
    },
    async flush() {
      const due = [...windows]
      windows.clear()
      for (const [key, pending] of due) {
        if (pending === undefined) continue
        // The window stays open, so that a network that goes on causes one entry a minute.
        if (!windows.has(key)) windows.set(key, undefined)
        const { first, count } = pending
        try {
          await ledger.append({ ...first, time: clock(), ...(count === 1 ? {} : { count }) })
        } catch (error) {
          for (const [left, rest] of due.slice(due.findIndex(([each]) => each === key))) {
            if (rest !== undefined) add(left, rest.first, rest.count)
          }
          throw error
        }
      }
    },
  }
}
