import { Type } from '@sinclair/typebox'

/** Schema of one of some words. */
export const oneOf = <T extends string | number>(words: readonly T[]) =>
  Type.Union(
    words.map((word) => Type.Literal(word)),
    { description: `one of ${words.join(', ')}` },
  )
