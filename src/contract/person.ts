import { Type } from '@sinclair/typebox'

/** The id of a participant: an id of the caller's system, or the `sub` of a signed-in user. */
export const ParticipantId = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: '1 to 255 printable ASCII characters without spaces; for a signed-in user, the sub of the access token',
})

export const DisplayName = Type.String({
  minLength: 1,
  format: 'display-name',
  description:
    '1 to 128 characters after trimming and NFC normalization, without control, bidirectional or other format characters',
})
