import type { AuditPage, AuditQuery } from '../contract/audit-query.ts'
import type { Refusal } from '../contract/problem.ts'
import { auditRow, cursorOf, searchOf } from '../rules/audit-query.ts'
import type { Asking } from './issue-token.ts'
import type { AuditReader, Clock, Ledger } from './ports.ts'

/**
 * Reads the record for an auditor; that it was read stands in it too, by then.
 * @returns a page, newest first, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function readAudit(
  { reader, ledger, clock }: { reader: AuditReader; ledger: Ledger; clock: Clock },
  { caller, requestId }: Asking,
  query: AuditQuery,
): Promise<AuditPage | Refusal> {
  const search = searchOf(query)
  const refused = 'code' in search
  await ledger.append({
    ...{ time: clock(), requestId, caller: caller.id, action: 'audit.read' },
    ...(refused ? { outcome: 'refused' as const, code: search.code } : { outcome: 'done' as const }),
  })
  if (refused) return search
  // One more than asked for tells whether there is a next page.
  const found = await reader.search({ ...search, limit: search.limit + 1 })
  const entries = found.slice(0, search.limit)
  const last = entries.at(-1)
  return {
    entries: entries.map(auditRow),
    ...(found.length > search.limit && last !== undefined ? { nextCursor: cursorOf(last) } : {}),
  }
}
