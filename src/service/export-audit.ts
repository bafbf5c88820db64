import type { AuditQuery } from '../contract/audit-query.ts'
import type { Refusal } from '../contract/problem.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../rules/audit-export.ts'
import { auditRow, type Search, searchOf } from '../rules/audit-query.ts'
import type { Asking } from './issue-token.ts'
import type { AuditReader, Clock, Ledger } from './ports.ts'

/** An export under way: its format, and its text, piece by piece, as fast as it is taken. */
export type Export = { format: ExportFormat; text: AsyncGenerator<string> }

/** Entries that are read at once: what an export holds in memory, however much it writes. */
const PAGE = 1000

/**
 * Writes down what a query finds, newest first; that it was asked for stands in the record before.
 * @returns the export, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function exportAudit(
  { reader, ledger, clock }: { reader: AuditReader; ledger: Ledger; clock: Clock },
  { caller, requestId }: Pick<Asking, 'requestId'> & { caller: { id: string } },
  formatName: keyof typeof EXPORT_FORMATS,
  query: AuditQuery,
): Promise<Export | Refusal> {
  const search = searchOf(query)
  const refused = 'code' in search
  await ledger.append({
    ...{ time: clock(), requestId, caller: caller.id, action: 'audit.export' },
    ...(refused ? { outcome: 'refused' as const, code: search.code } : { outcome: 'done' as const }),
  })
  if (refused) return search
  const format = EXPORT_FORMATS[formatName]
  return { format, text: pages(reader, search, format) }
}

async function* pages(reader: AuditReader, search: Search, format: ExportFormat): AsyncGenerator<string> {
  let before = search.before
  yield format.head
  for (;;) {
    const entries = await reader.search({ ...search, ...(before === undefined ? {} : { before }), limit: PAGE })
    yield entries.map((entry) => format.line(auditRow(entry))).join('')
    before = entries.at(-1)
    if (entries.length < PAGE) return
  }
}
