import { instantMs } from './instant.ts'
import {
  type ConsultationQuery,
  DEFAULT_CONSULTATION_LIMIT,
  MAX_CONSULTATION_LIMIT,
} from '../contract/consultation-answer.ts'
import type { FieldError, Refusal } from '../contract/problem.ts'
import type { Consultation } from './consultation.ts'

/** Where a page begins: behind this consultation, in the order of beginning and id. */
type Place = Pick<Consultation, 'startsAt' | 'id'>

/** What a query asks for. */
export type Asked = Pick<ConsultationQuery, 'participant' | 'externalId' | 'state'> & {
  from?: number
  to?: number
  after?: Place
  limit: number
}

/** @returns what a query asks for, or the parameters that mean nothing */
export function askedOf({ from, to, limit, cursor, ...equal }: ConsultationQuery): Asked | Refusal {
  const times = Object.entries({ from, to }).flatMap(([name, text]) =>
    text === undefined ? [] : [{ name, ms: instantMs(text) }],
  )
  const after = cursor === undefined ? undefined : placeOf(cursor)
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
    ...(after === undefined ? {} : { after }),
    limit: count,
  }
}

/** A place as a cursor: opaque to whoever carries it. */
export const cursorTo = ({ startsAt, id }: Place): string =>
  Buffer.from(JSON.stringify([startsAt, id])).toString('base64url')

function placeOf(cursor: string): Place | undefined {
  try {
    const [startsAt, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    return Number.isSafeInteger(startsAt) && typeof id === 'string' && more.length === 0
      ? { startsAt: startsAt as number, id }
      : undefined
  } catch {
    return undefined
  }
}
