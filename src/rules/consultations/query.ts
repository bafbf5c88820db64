import { parseInstantMs } from '../time.ts'
import {
  type ConsultationQuery,
  DEFAULT_CONSULTATION_LIMIT,
  MAX_CONSULTATION_LIMIT,
} from '../../contract/consultations/consultation-answer.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { Consultation } from './consultation.ts'
import { cursorAt, placeAt } from '../cursor.ts'

/** What a query asks for. */
export type ParsedConsultationQuery = Pick<ConsultationQuery, 'participant' | 'externalId' | 'state'> & {
  from?: number
  to?: number
  /** Behind this consultation, in the order of beginning and id. */
  after?: Pick<Consultation, 'startsAt' | 'id'>
  limit: number
}

/** @returns what a query asks for, or the parameters that mean nothing */
export function parseConsultationQuery({
  from,
  to,
  limit,
  cursor,
  ...equal
}: ConsultationQuery): ParsedConsultationQuery | Refusal {
  const times = Object.entries({ from, to }).flatMap(([name, text]) =>
    text === undefined ? [] : [{ name, ms: parseInstantMs(text) }],
  )
  const after = cursor === undefined ? undefined : placeAt(cursor)
  const count = limit === undefined ? DEFAULT_CONSULTATION_LIMIT : Number(limit)
  const errors: FieldError[] = [
    ...times
      .filter(({ ms }) => Number.isNaN(ms))
      .map(({ name }) => ({ pointer: `/query/${name}`, message: 'must be a time of the calendar' })),
    ...(count > MAX_CONSULTATION_LIMIT
      ? [{ pointer: '/query/limit', message: `must be at most ${MAX_CONSULTATION_LIMIT}` }]
      : []),
    ...(cursor !== undefined && after === undefined
      ? [{ pointer: '/query/cursor', message: 'must be the nextCursor of an answer' }]
      : []),
  ]
  if (errors.length > 0) return { code: 'invalid-request', errors }
  return {
    ...equal,
    ...(Object.fromEntries(times.map(({ name, ms }) => [name, ms])) as { from?: number; to?: number }),
    ...(after === undefined ? {} : { after: { startsAt: after.at, id: after.id } }),
    limit: count,
  }
}

/** The cursor of the page behind a consultation. */
export const cursorTo = ({ startsAt, id }: Consultation): string => cursorAt({ at: startsAt, id })
