/** Spans of time in milliseconds. */
export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** A point in time as it is told (ISO 8601, UTC). @param ms epoch milliseconds */
export const toIso = (ms: number): string => new Date(ms).toISOString()

/**
 * A point in time as epoch milliseconds.
 * @param text one whose form was checked (RFC 3339); a day that the calendar does not have would otherwise become another
 * @returns NaN where the calendar has no such time
 */
export function parseInstantMs(text: string): number {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? Date.parse(text) : Number.NaN
}
