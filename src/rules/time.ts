import type { FieldError } from '../contract/problem.ts'

/** Durations in milliseconds. */
export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** Formats a time as ISO 8601 in UTC. @param ms epoch milliseconds */
export const toIso = (ms: number): string => new Date(ms).toISOString()

/**
 * Parses a time. Unlike `Date.parse`, it does not turn February 30 into March 2.
 * @param text a time in the form of RFC 3339
 * @returns epoch milliseconds; NaN if the date or the time of day does not exist
 */
export function parseInstantMs(text: string): number {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? Date.parse(text) : Number.NaN
}

/** The message of a `FieldError` for a time in the right form that does not exist. */
const NONEXISTENT_TIME = 'must be a date and time that exists'

/**
 * Parses the bounds of a period in a query.
 * @param query times in the form of RFC 3339
 * @param errors receives an error for each time that does not exist
 * @returns epoch milliseconds; usable only if no error was added
 */
export function parsePeriod(
  { from, to }: { from?: string; to?: string },
  errors: FieldError[],
): { from?: number; to?: number } {
  const parse = (name: string, text: string): number => {
    const ms = parseInstantMs(text)
    if (Number.isNaN(ms)) errors.push({ pointer: `/query/${name}`, message: NONEXISTENT_TIME })
    return ms
  }
  return {
    ...(from === undefined ? {} : { from: parse('from', from) }),
    ...(to === undefined ? {} : { to: parse('to', to) }),
  }
}
