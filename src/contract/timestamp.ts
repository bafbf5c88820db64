import { Type } from '@sinclair/typebox'

/** A point in time on the wire (RFC 3339), to the millisecond, with `Z` or an offset. */
export const INSTANT_PATTERN = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,3})?(?:Z|[+-]\\d{2}:\\d{2})$'

/** @param description what happens then; the form is told behind it */
export const timestampInput = (description: string) =>
  Type.String({ pattern: INSTANT_PATTERN, description: `${description}: a time such as 2026-11-23T09:00:00Z` })

/** A time of an answer. @param description what happens then */
export const timestamp = (description: string) =>
  Type.String({ format: 'date-time', description: `${description}; ISO 8601, UTC` })
