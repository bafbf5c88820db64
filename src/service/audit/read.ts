import type { AuditPage, AuditQuery } from '../../contract/audit/audit-query.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import { AUDIT_CURSORS, parseAuditQuery, type Search, toAuditRow } from '../../rules/audit/query.ts'
import { readPage } from '../page.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { AuditReader } from './ports.ts'

export type ReadAuditDeps = { reader: AuditReader; ledger: Ledger; clock: Clock }

/** The caller or the operator who reads the audit record, with the origin of the request. */
export type AuditRequester = Origin & { caller: { id: string }; onBehalfOf?: string }

/**
 * Parses a query and records it. The query is in the audit record before this function returns.
 * @returns the search for the store, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function recordSearch(
  { ledger, clock }: ReadAuditDeps,
  { caller, ...origin }: AuditRequester,
  action: 'audit.read' | 'audit.export',
  query: AuditQuery,
): Promise<Search | Refusal> {
  const search = parseAuditQuery(query)
  const outcome =
    'code' in search ? ({ outcome: 'refused', code: search.code } as const) : ({ outcome: 'done' } as const)
  await ledger.append({ ...origin, time: clock(), caller: caller.id, action, ...outcome })
  return search
}

/**
 * Reads a page of the audit record.
 * @returns a page, newest first, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function readAudit(
  deps: ReadAuditDeps,
  requester: AuditRequester,
  query: AuditQuery,
): Promise<AuditPage | Refusal> {
  const search = await recordSearch(deps, requester, 'audit.read', query)
  if ('code' in search) return search
  const { items, ...next } = await readPage(search, AUDIT_CURSORS, (page) => deps.reader.search(page))
  return { entries: items.map(toAuditRow), ...next }
}
