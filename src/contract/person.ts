import { Type } from '@sinclair/typebox'

/** Whether a name is self-chosen. */
export const SelfNamed = Type.Optional(Type.Boolean({ description: 'true if a guest chose the name' }))

/** A display name. The format counts the characters after trimming, which a length of the schema would not. */
export const DisplayName = Type.String({
  minLength: 1,
  format: 'display-name',
  description:
    '1 to 128 characters after trimming and NFC normalization, with a letter, digit or emoji, and without invisible characters',
})
