import fc from 'fast-check'

/**
 * Any Unicode character but half of a surrogate pair, for `fc.string({ unit })`. It stands in for the unit `binary` of
 * fast-check, which builds a table of all characters first.
 */
export const anyCharacter = fc
  .oneof(
    { weight: 8, arbitrary: fc.integer({ max: 0x7f, min: 0 }) },
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((codePoint) => String.fromCodePoint(codePoint))
