import type { FieldError } from '../contract/problem.ts'

/** Durations in milliseconds. */
export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** Formats a time as ISO 8601 in UTC. @param ms epoch milliseconds */
export const toIso = (ms: number): string => new Date(ms).toISOString()

const FRACTION = /\.(\d{1,3})\d*/

/**
 * Parses a time and cuts it to milliseconds. Unlike `Date.parse`, it does not turn February 30 into March 2.
 * @param text a time that fits `TIMESTAMP_PATTERN`
 * @returns epoch milliseconds; NaN if the date or the time of day does not exist, see `explainTime`
 */
export function parseInstantMs(text: string): number {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1, day))
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hourOf(text) < 24
  return exists ? Date.parse(text.toUpperCase().replace(FRACTION, '.$1')) : Number.NaN
}

const hourOf = (text: string): number => Number(text.slice(11, 13))

/**
 * Explains why `parseInstantMs` returns NaN.
 * @returns the message of a `FieldError`
 */
export function explainTime(text: string): string {
  if (hourOf(text) === 24) return 'must not have hour 24; use hour 00 of the next day'
  if (text.slice(17, 19) === '60') return 'must not have second 60: leap seconds are not supported; use the next second'
  return 'must be a date and time that exists'
}

/**
 * Parses the bounds of a period in a query.
 * @param query times in the form of RFC 3339; a space takes the place of a `+` that was not percent-encoded
 * @param errors receives an error for each time that does not exist
 * @returns epoch milliseconds; usable only if no error was added
 */
export function parsePeriod(
  { from, to }: { from?: string; to?: string },
  errors: FieldError[],
): { from?: number; to?: number } {
  const parse = (name: string, text: string): number => {
    const time = text.replace(' ', '+')
    const ms = parseInstantMs(time)
    if (Number.isNaN(ms)) errors.push({ pointer: `/query/${name}`, message: explainTime(time) })
    return ms
  }
  return {
    ...(from === undefined ? {} : { from: parse('from', from) }),
    ...(to === undefined ? {} : { to: parse('to', to) }),
  }
}
