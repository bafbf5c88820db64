import type { AuditQuery, AuditRow } from '../../contract/audit/audit-query.ts'
import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { toAuditRow, type Search } from '../../rules/audit/query.ts'
import { ServiceFault } from '../fault.ts'
import type { AuditReader } from './ports.ts'
import { type AuditRequester, type ReadAuditDeps, recordSearch } from './read.ts'

/** What following needs: `pause` resolves when it is time to look again. */
export type TailAuditDeps = ReadAuditDeps & { pause: () => Promise<void> }

/** The newest entries, the oldest of them first, and those that come after them. */
export type Tail = { newest: AuditRow[]; following: AsyncGenerator<AuditRow[]> }

/** How long after the time that it says an entry may show: batches wait, and the clocks of writers differ. */
const LATE_MS = 10_000

const PAGE = 1000

/**
 * Shows the end of the record, and what is added to it; that somebody looked stands in the record by then.
 * @param count how many entries to begin with
 * @returns the end, or `invalid-request`
 * @throws ServiceFault `record-unavailable`; while it follows, it waits until the record is back
 */
export async function tailAudit(
  deps: TailAuditDeps,
  asker: AuditRequester,
  query: AuditQuery,
  count: number,
): Promise<Tail | Refusal> {
  const search = await recordSearch(deps, asker, 'audit.read', query)
  if ('code' in search) return search
  const began = deps.clock()
  const seen = await readRecent(deps.reader, search, began)
  const newest = count === 0 ? [] : await deps.reader.search({ ...search, limit: count })
  for (const entry of newest) seen.set(positionKey(entry), entry)
  return { newest: newest.toReversed().map(toAuditRow), following: follow(deps, search, seen, began) }
}

async function* follow(
  { reader, clock, pause }: TailAuditDeps,
  search: Search,
  before: ReadonlyMap<string, ChainedEntry>,
  began: number,
): AsyncGenerator<AuditRow[]> {
  let [seen, lookedAt] = [before, began]
  for (;;) {
    await pause()
    try {
      const now = clock()
      const found = await readRecent(reader, search, lookedAt)
      const added = [...found].filter(([place]) => !seen.has(place)).map(([, entry]) => toAuditRow(entry))
      ;[seen, lookedAt] = [found, now]
      if (added.length > 0) yield added.toReversed()
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error
    }
  }
}

/** What was added since a time, or may have been, newest first. */
async function readRecent(reader: AuditReader, search: Search, since: number): Promise<Map<string, ChainedEntry>> {
  const found = new Map<string, ChainedEntry>()
  const from = Math.max(search.from ?? 0, since - LATE_MS)
  for (let before: ChainedEntry | undefined; ;) {
    const page = await reader.search({ ...search, from, limit: PAGE, ...(before === undefined ? {} : { before }) })
    for (const entry of page) found.set(positionKey(entry), entry)
    before = page.at(-1)
    if (page.length < PAGE) return found
  }
}

const positionKey = ({ chain, sequence }: ChainedEntry): string => `${chain}:${sequence}`
