import type { AuditRow } from '../../contract/audit/audit-query.ts'

/** The columns of a CSV export, in order. */
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
  ...['role', 'jti', 'renews', 'kid', 'lifetimeSeconds', 'hash', 'clientRequestId', 'undoes', 'count', 'document'],
]

/** An export format: the text before the first row, and the line of a row, with its line end. */
export type ExportFormat = { mediaType: string; head: string; line(row: AuditRow): string }

/** Newline-delimited JSON: one object per line. */
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
 * Formats a cell. Text that a spreadsheet would evaluate as a formula gets a leading apostrophe (OWASP, "CSV Injection"): ids
 * of users and the names in `onBehalfOf` may begin with such a character.
 */
function cell(value: string | number | undefined): string {
  const text = String(value ?? '')
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

/** The export formats, by the value of the `format` parameter. */
export const EXPORT_FORMATS = { ndjson, csv }
