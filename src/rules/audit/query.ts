import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import {
  type AuditQuery,
  type AuditRow,
  DEFAULT_AUDIT_LIMIT,
  MAX_AUDIT_LIMIT,
} from '../../contract/audit/audit-query.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import { createCursorCodec, isId, isSequence, isTimeMs } from '../cursor.ts'
import { type Page, parsePage } from '../page.ts'
import { parsePeriod, toIso } from '../time.ts'

/** The position of an entry in the audit record: in order of time, then of chain and sequence. */
export type Position = Pick<ChainedEntry, 'time' | 'chain' | 'sequence'>

/** The cursors of the audit record. */
export const AUDIT_CURSORS = createCursorCodec<Position>({ time: isTimeMs, chain: isId, sequence: isSequence })

const LIMITS = { default: DEFAULT_AUDIT_LIMIT, max: MAX_AUDIT_LIMIT }

/** A search in the audit record, newest entries first. */
export type Search = Page<Position> & {
  /** The first time of the period, in epoch milliseconds. */
  from?: number
  /** The end of the period, exclusive, in epoch milliseconds. */
  to?: number
  /** The values that the fields of an entry must have. */
  equal: Partial<Pick<ChainedEntry, 'room' | 'userId' | 'caller' | 'jti' | 'consultation'>> & {
    action?: string
    outcome?: string
  }
}

/**
 * Parses a query for audit entries.
 * @param query a query that fits its schema
 * @returns the search, or `invalid-request` with an error for each invalid parameter
 */
export function parseAuditQuery(query: AuditQuery): Search | Refusal {
  const { from: _from, to: _to, limit: _limit, cursor: _cursor, ...equal } = query
  const errors: FieldError[] = []
  const period = parsePeriod(query, errors)
  const page = parsePage(query, LIMITS, AUDIT_CURSORS, errors)
  if (errors.length > 0) return { code: 'invalid-request', errors }
  return { ...period, ...page, equal }
}

/** @returns an entry as the API and exports show it: without the fields that only link the chain */
export function toAuditRow({
  time,
  previousHash: _previousHash,
  writer: _writer,
  previousChain: _previousChain,
  ...entry
}: ChainedEntry): AuditRow {
  return { ...entry, time: toIso(time) }
}
