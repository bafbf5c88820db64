import { Type } from '@sinclair/typebox'

/** Names a consultation (UUIDv7). */
export const ConsultationId = Type.String({
  pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'the id of a consultation',
})
