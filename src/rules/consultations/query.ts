import {
  type ConsultationQuery,
  DEFAULT_CONSULTATION_LIMIT,
  MAX_CONSULTATION_LIMIT,
} from '../../contract/consultations/consultation-answer.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import { createCursorCodec, isId, isTimeMs } from '../cursor.ts'
import { type Page, parsePage } from '../page.ts'
import { parsePeriod } from '../time.ts'
import type { Consultation } from './consultation.ts'

/** The position of a consultation in a list: in order of start, then of id. */
export type ConsultationPosition = Pick<Consultation, 'startsAt' | 'id'>

/** The cursors of a list of consultations. */
export const CONSULTATION_CURSORS = createCursorCodec<ConsultationPosition>({ startsAt: isTimeMs, id: isId })

const LIMITS = { default: DEFAULT_CONSULTATION_LIMIT, max: MAX_CONSULTATION_LIMIT }

/** A parsed query for consultations. */
export type ParsedConsultationQuery = Pick<ConsultationQuery, 'participant' | 'externalId' | 'state'> &
  Page<ConsultationPosition> & {
    /** Consultations that end after `from` and start before `to`, in epoch milliseconds. */
    from?: number
    to?: number
  }

/**
 * Parses a query for consultations.
 * @param query a query that fits its schema
 * @returns the parsed query, or `invalid-request` with an error for each invalid parameter
 */
export function parseConsultationQuery(query: ConsultationQuery): ParsedConsultationQuery | Refusal {
  const { from: _from, to: _to, limit: _limit, cursor: _cursor, ...filters } = query
  const errors: FieldError[] = []
  const period = parsePeriod(query, errors)
  const page = parsePage(query, LIMITS, CONSULTATION_CURSORS, errors)
  if (errors.length > 0) return { code: 'invalid-request', errors }
  return { ...filters, ...period, ...page }
}
