import { Type } from '@sinclair/typebox'

const DATE_AND_TIME = '\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?'

/** A time on the wire (RFC 3339, section 5.6), with up to nine fraction digits; the service cuts it to milliseconds. */
export const TIMESTAMP_PATTERN = `^${DATE_AND_TIME}(?:[Zz]|[+-]\\d{2}:\\d{2})$`

/** The same in a query, where a `+` that is not percent-encoded arrives as a space (WHATWG URL, section 5.1). */
const QUERY_TIMESTAMP_PATTERN = `^${DATE_AND_TIME}(?:[Zz]|[+ -]\\d{2}:\\d{2})$`

const FORM = 'an RFC 3339 time with Z or an offset and at most nine fraction digits, such as 2026-11-23T09:00:00Z'

/** Schema of a time in a body. @param description the meaning; the format is appended to it */
export const timestampInput = (description: string) =>
  Type.String({ pattern: TIMESTAMP_PATTERN, description: `${description}: ${FORM}` })

/** Schema of a time in a query. @param description the meaning; the format is appended to it */
export const timestampParameter = (description: string) =>
  Type.String({ pattern: QUERY_TIMESTAMP_PATTERN, description: `${description}: ${FORM}` })

/** Schema of a time in an answer. @param description the meaning; the time zone is appended to it */
export const timestamp = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} (UTC)` })
