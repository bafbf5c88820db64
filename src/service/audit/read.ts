import type { AuditPage, AuditQuery } from '../../contract/audit/audit-query.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { toAuditRow, cursorOf, type Search, parseAuditQuery } from '../../rules/audit/query.ts'
import type { Clock } from '../ports.ts'
import type { AuditReader } from './ports.ts'
import type { Ledger } from '../ports.ts'

/** What asking the record needs. */
export type ReadAuditDeps = { reader: AuditReader; ledger: Ledger; clock: Clock }

/** Who asks, from where, and for whom: a caller, or the operator. */
export type AuditRequester = Origin & { caller: { id: string }; onBehalfOf?: string }

/**
 * Makes of a query what the store can be asked; that somebody asked stands in the record by then.
 * @returns the search, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function recordSearch(
  { ledger, clock }: ReadAuditDeps,
  { caller, ...asking }: AuditRequester,
  action: 'audit.read' | 'audit.export',
  query: AuditQuery,
): Promise<Search | Refusal> {
  const search = parseAuditQuery(query)
  const ended = 'code' in search ? ({ outcome: 'refused', code: search.code } as const) : ({ outcome: 'done' } as const)
  await ledger.append({ ...asking, time: clock(), caller: caller.id, action, ...ended })
  return search
}

/**
 * Reads the record for an auditor.
 * @returns a page, newest first, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function readAudit(
  deps: ReadAuditDeps,
  asker: AuditRequester,
  query: AuditQuery,
): Promise<AuditPage | Refusal> {
  const search = await recordSearch(deps, asker, 'audit.read', query)
  if ('code' in search) return search
  // One more than asked for tells whether there is a next page.
  const found = await deps.reader.search({ ...search, limit: search.limit + 1 })
  const entries = found.slice(0, search.limit)
  const last = entries.at(-1)
  return {
    entries: entries.map(toAuditRow),
    ...(found.length > search.limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}),
  }
}
