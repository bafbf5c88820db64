import type { FieldError } from '../contract/problem.ts'
import type { CursorCodec, SortKey } from './cursor.ts'

/** The page parameters of a query, as strings. */
export type PageQuery = { limit?: string; cursor?: string }

/** The part of a list to read. */
export type Page<Position> = {
  /** The maximum number of items. */
  limit: number
  /** The position of the last item of the previous page; absent for the first page. */
  after?: Position
}

/** The bounds of the page size of a list. */
export type PageLimits = { default: number; max: number }

/**
 * Parses the page parameters of a query.
 * @param limits the page size without `limit`, and the largest one; at least 1
 * @param errors receives an error for each invalid parameter
 * @returns the page; usable only if no error was added
 */
export function parsePage<Position extends SortKey>(
  { limit, cursor }: PageQuery,
  limits: PageLimits,
  codec: CursorCodec<Position>,
  errors: FieldError[],
): Page<Position> {
  const count = limit === undefined ? limits.default : Number(limit)
  if (!Number.isInteger(count) || count < 1 || count > limits.max) {
    errors.push({ pointer: '/query/limit', message: `must be a whole number from 1 to ${limits.max}` })
  }
  const after = cursor === undefined ? undefined : codec.decode(cursor)
  if (cursor !== undefined && after === undefined) {
    errors.push({ pointer: '/query/cursor', message: 'must be the nextCursor of a previous page' })
  }
  return { limit: count, ...(after === undefined ? {} : { after }) }
}
