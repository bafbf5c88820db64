import { Type } from '@sinclair/typebox'

/** Who takes part: an id of the caller's own, or the `sub` of a signed-in user. */
export const ParticipantId = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: '1 to 255 printable ASCII characters without blanks; of a signed-in user, the sub of the access token',
})

export const DisplayName = Type.String({
  minLength: 1,
  format: 'display-name',
  description:
    '1 to 128 characters after trimming and bringing to Unicode NFC, without control, bidirectional or other format characters',
})
