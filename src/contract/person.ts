import { Type } from '@sinclair/typebox'

/** The id of a participant: an id of the caller's system, or the `sub` of a signed-in user. */
export const ParticipantId = Type.String({
  pattern: '^[\\x21-\\x7e]{1,255}$',
  description: '1 to 255 printable ASCII characters without spaces',
})

/** Whether a name is self-chosen. */
export const SelfNamed = Type.Optional(Type.Boolean({ description: 'true if a guest chose the name' }))

/** A display name. The format counts the characters after trimming, which a length of the schema would not. */
export const DisplayName = Type.String({
  minLength: 1,
  format: 'display-name',
  description:
    '1 to 128 characters after trimming and NFC normalization, with a letter, digit or emoji, and without invisible characters',
})
