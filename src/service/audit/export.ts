import type { AuditQuery } from '../../contract/audit/audit-query.ts'
import type { Refusal } from '../../contract/problem.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../rules/audit/export.ts'
import { toAuditRow, type Search } from '../../rules/audit/query.ts'
import type { AuditReader } from './ports.ts'
import { type AuditRequester, type ReadAuditDeps, recordSearch } from './read.ts'

/** An export: its format, and a generator of its text that reads on as the text is consumed. */
export type AuditExport = { format: ExportFormat; text: AsyncGenerator<string> }

/** Entries per read. It bounds the memory of an export of any length. */
const PAGE_SIZE = 1000

/**
 * Exports the entries that match a query, newest first.
 * @returns the export, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function exportAudit(
  deps: ReadAuditDeps,
  requester: AuditRequester,
  formatName: keyof typeof EXPORT_FORMATS,
  query: AuditQuery,
): Promise<AuditExport | Refusal> {
  const search = await recordSearch(deps, requester, 'audit.export', query)
  if ('code' in search) return search
  const format = EXPORT_FORMATS[formatName]
  return { format, text: exportPages(deps.reader, search, format) }
}

async function* exportPages(reader: AuditReader, search: Search, format: ExportFormat): AsyncGenerator<string> {
  let { after } = search
  yield format.head
  for (;;) {
    const entries = await reader.search({ ...search, ...(after === undefined ? {} : { after }), limit: PAGE_SIZE })
    yield entries.map((entry) => format.line(toAuditRow(entry))).join('')
    after = entries.at(-1)
    if (entries.length < PAGE_SIZE) return
  }
}
