import type { AuditQuery, AuditRow } from '../../contract/audit/audit-query.ts'
import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { toAuditRow, type Search } from '../../rules/audit/query.ts'
import { ServiceFault } from '../fault.ts'
import type { AuditReader } from './ports.ts'
import { type AuditRequester, type ReadAuditDeps, recordSearch } from './read.ts'

export type TailAuditDeps = ReadAuditDeps & {
  /** Waits between two reads. */
  pause: () => Promise<void>
}

/** The newest entries, in order of time, and a generator of the entries that follow. */
export type Tail = { newest: AuditRow[]; following: AsyncGenerator<AuditRow[]> }

/** How long after its own time an entry may appear: batches wait, and the clocks of writers differ. */
const MAX_DELAY_MS = 10_000

const PAGE_SIZE = 1000

/**
 * Reads the newest entries, and follows the audit record from there. The query is in the audit record before this function
 * returns.
 * @param count how many entries to begin with
 * @returns the newest entries and a generator of new ones, or `invalid-request`
 * @throws ServiceFault `record-unavailable`; the generator does not throw it but tries again after the next pause
 */
export async function tailAudit(
  deps: TailAuditDeps,
  requester: AuditRequester,
  query: AuditQuery,
  count: number,
): Promise<Tail | Refusal> {
  const search = await recordSearch(deps, requester, 'audit.read', query)
  if ('code' in search) return search
  const startedAt = deps.clock()
  const delivered = await readRecent(deps.reader, search, startedAt)
  const newest = count === 0 ? [] : await deps.reader.search({ ...search, limit: count })
  for (const entry of newest) delivered.set(positionKey(entry), entry)
  return { newest: newest.toReversed().map(toAuditRow), following: follow(deps, search, delivered, startedAt) }
}

async function* follow(
  { reader, clock, pause }: TailAuditDeps,
  search: Search,
  delivered: ReadonlyMap<string, ChainedEntry>,
  startedAt: number,
): AsyncGenerator<AuditRow[]> {
  let [previous, readAt] = [delivered, startedAt]
  for (;;) {
    await pause()
    try {
      const now = clock()
      const recent = await readRecent(reader, search, readAt)
      const added = [...recent].filter(([position]) => !previous.has(position)).map(([, entry]) => toAuditRow(entry))
      ;[previous, readAt] = [recent, now]
      if (added.length > 0) yield added.toReversed()
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error
    }
  }
}

/** Reads all entries that may have been added since a time, newest first. @param since epoch milliseconds */
async function readRecent(reader: AuditReader, search: Search, since: number): Promise<Map<string, ChainedEntry>> {
  const entries = new Map<string, ChainedEntry>()
  const from = Math.max(search.from ?? 0, since - MAX_DELAY_MS)
  for (let after: ChainedEntry | undefined; ;) {
    const page = await reader.search({ ...search, from, limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) })
    for (const entry of page) entries.set(positionKey(entry), entry)
    after = page.at(-1)
    if (page.length < PAGE_SIZE) return entries
  }
}

const positionKey = ({ chain, sequence }: ChainedEntry): string => `${chain}:${sequence}`
