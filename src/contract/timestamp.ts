import { Type } from '@sinclair/typebox'

/** A time on the wire (RFC 3339) with `Z` or an offset, to the millisecond at most. */
export const TIMESTAMP_PATTERN = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,3})?(?:Z|[+-]\\d{2}:\\d{2})$'

/** Schema of a time in a request. @param description the meaning; the format is appended to it */
export const timestampInput = (description: string) =>
  Type.String({
    pattern: TIMESTAMP_PATTERN,
    description: `${description}: an RFC 3339 time such as 2026-11-23T09:00:00Z`,
  })

/** Schema of a time in an answer. @param description the meaning; the time zone is appended to it */
export const timestamp = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} (UTC)` })
