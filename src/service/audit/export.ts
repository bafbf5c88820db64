import type { AuditQuery } from '../../contract/audit/audit-query.ts'
import type { Refusal } from '../../contract/problem.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../rules/audit/export.ts'
import { auditRow, type Search } from '../../rules/audit/query.ts'
import type { AuditReader } from '../ports.ts'
import { type Asker, type AskingParts, recordedSearch } from './read.ts'

/** An export under way: its format, and its text, piece by piece, as fast as it is taken. */
export type Export = { format: ExportFormat; text: AsyncGenerator<string> }

/** Entries that are read at once: what an export holds in memory, however much it writes. */
const PAGE = 1000

/**
 * Writes down what a query finds, newest first.
 * @returns the export, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function exportAudit(
  parts: AskingParts,
  asker: Asker,
  formatName: keyof typeof EXPORT_FORMATS,
  query: AuditQuery,
): Promise<Export | Refusal> {
  const search = await recordedSearch(parts, asker, 'audit.export', query)
  if ('code' in search) return search
  const format = EXPORT_FORMATS[formatName]
  return { format, text: pages(parts.reader, search, format) }
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
