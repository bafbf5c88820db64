import { Type } from '@sinclair/typebox'

/** The id of a consultation: a UUIDv7 in lower case. */
export const ConsultationId = Type.String({
  pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'the id of a consultation',
})
