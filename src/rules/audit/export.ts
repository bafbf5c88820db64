import type { AuditRow } from '../../contract/audit/audit-query.ts'

/** The columns of an export, in this order. */
const COLUMNS = [
  ...[
    'time',
    'chain',
    'sequence',
    'requestId',
    'traceId',
    'address',
    'caller',
    'onBehalfOf',
    'action',
    'outcome',
    'code',
    'consultation',
    'invitation',
    'room',
    'userId',
  ],
  ...['role', 'jti', 'renews', 'kid', 'lifetimeSeconds', 'hash'],
]

/** How rows are written down: a head, and a line for each, each with its line end. */
export type ExportFormat = { mediaType: string; head: string; line(row: AuditRow): string }

/** Newline-delimited JSON: one object a line. */
const ndjson: ExportFormat = {
  mediaType: 'application/x-ndjson',
  head: '',
  line: (row) => `${JSON.stringify(row)}\n`,
}

/** RFC 4180, every cell quoted. */
const csv: ExportFormat = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  head: `${COLUMNS.join(',')}\r\n`,
  line: (row) => `${COLUMNS.map((name) => cell(row[name as keyof AuditRow])).join(',')}\r\n`,
}

/**
 * A cell. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection); rooms never begin
 * so, ids of people and the names of those behind requests may.
 */
function cell(value: string | number | undefined): string {
  const text = String(value ?? '')
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

export const EXPORT_FORMATS = { ndjson, csv }
