import { Type } from '@sinclair/typebox'

/** The id of a participant: an id of the caller's system, or the `sub` of a signed-in user. */
export const ParticipantId = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: '1 to 255 printable ASCII characters without spaces; for a signed-in user, the sub of the access token',
})

/** Whether a name is self-chosen. */
export const SelfNamed = Type.Optional(
  Type.Boolean({ description: 'true if the person chose the name, with an open invitation; absent otherwise' }),
)

/** A display name. The format counts the characters after trimming, which a length of the schema would not. */
export const DisplayName = Type.String({
  minLength: 1,
  format: 'display-name',
  description:
    '1 to 128 characters after trimming and NFC normalization, at least one of them a letter, digit or emoji, without control, bidirectional or other invisible characters; joiners (U+200C, U+200D) only where a script or an emoji needs them',
})
