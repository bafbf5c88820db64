import { parseInstantMs, toIso } from '../time.ts'
import {
  type AuditQuery,
  type AuditRow,
  DEFAULT_AUDIT_LIMIT,
  MAX_AUDIT_LIMIT,
} from '../../contract/audit/audit-query.ts'
import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'

/** Where a page begins: behind this entry, in the order of time, chain and sequence. */
export type Position = Pick<ChainedEntry, 'time' | 'chain' | 'sequence'>

/** A question to the record, ready for the store. */
export type Search = {
  from?: number
  to?: number
  equal: Partial<Pick<ChainedEntry, 'room' | 'userId' | 'caller' | 'jti' | 'consultation'>> & {
    action?: string
    outcome?: string
  }
  limit: number
  before?: Position
}

/** @returns what a query asks for, or the fields that mean nothing */
export function parseAuditQuery({ from, to, limit, cursor, ...equal }: AuditQuery): Search | Refusal {
  const times = {
    from: from === undefined ? undefined : parseInstantMs(from),
    to: to === undefined ? undefined : parseInstantMs(to),
  }
  const before = cursor === undefined ? undefined : positionOf(cursor)
  const count = limit === undefined ? DEFAULT_AUDIT_LIMIT : Number(limit)
  const wrong = [
    ...Object.entries(times).flatMap(([name, ms]) =>
      Number.isNaN(ms) ? [[name, 'must be a time of the calendar']] : [],
    ),
    ...(count > MAX_AUDIT_LIMIT ? [['limit', `must be at most ${MAX_AUDIT_LIMIT}`]] : []),
    ...(cursor !== undefined && before === undefined ? [['cursor', 'must be the nextCursor of an answer']] : []),
  ]
  const errors: FieldError[] = wrong.map(([name = '', message = '']) => ({ pointer: `/query/${name}`, message }))
  if (errors.length > 0) return { code: 'invalid-request', errors }
  return {
    ...(times.from === undefined ? {} : { from: times.from }),
    ...(times.to === undefined ? {} : { to: times.to }),
    ...(before === undefined ? {} : { before }),
    equal,
    limit: count,
  }
}

/** A position as a cursor: opaque to whoever carries it. */
export const cursorOf = ({ time, chain, sequence }: Position): string =>
  Buffer.from(JSON.stringify([time, chain, sequence])).toString('base64url')

function positionOf(cursor: string): Position | undefined {
  try {
    const [time, chain, sequence, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    const fits =
      typeof time === 'number' && typeof chain === 'string' && typeof sequence === 'number' && more.length === 0
    return fits ? { time, chain, sequence } : undefined
  } catch {
    return undefined
  }
}

/** An entry as an auditor reads it. */
export function toAuditRow({
  time,
  previousHash: _link,
  writer: _writer,
  previousChain: _before,
  ...entry
}: ChainedEntry): AuditRow {
  return { ...entry, time: toIso(time) }
}
