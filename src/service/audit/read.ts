import type { AuditPage, AuditQuery } from '../../contract/audit/audit-query.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { auditRow, cursorOf, type Search, searchOf } from '../../rules/audit/query.ts'
import type { AuditReader, Clock, Ledger } from '../ports.ts'

/** What asking the record needs. */
export type AskingParts = { reader: AuditReader; ledger: Ledger; clock: Clock }

/** Who asks, from where, and for whom: a caller, or the operator. */
export type Asker = Origin & { caller: { id: string }; onBehalfOf?: string }

/**
 * Makes of a query what the store can be asked; that somebody asked stands in the record by then.
 * @returns the search, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function recordedSearch(
  { ledger, clock }: AskingParts,
  { caller, ...asking }: Asker,
  action: 'audit.read' | 'audit.export',
  query: AuditQuery,
): Promise<Search | Refusal> {
  const search = searchOf(query)
  const ended = 'code' in search ? ({ outcome: 'refused', code: search.code } as const) : ({ outcome: 'done' } as const)
  await ledger.append({ ...asking, time: clock(), caller: caller.id, action, ...ended })
  return search
}

/**
 * Reads the record for an auditor.
 * @returns a page, newest first, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function readAudit(parts: AskingParts, asker: Asker, query: AuditQuery): Promise<AuditPage | Refusal> {
  const search = await recordedSearch(parts, asker, 'audit.read', query)
  if ('code' in search) return search
  // One more than asked for tells whether there is a next page.
  const found = await parts.reader.search({ ...search, limit: search.limit + 1 })
  const entries = found.slice(0, search.limit)
  const last = entries.at(-1)
  return {
    entries: entries.map(auditRow),
    ...(found.length > search.limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}),
  }
}
