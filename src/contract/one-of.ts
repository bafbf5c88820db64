import { Type } from '@sinclair/typebox'

/** Schema of a value from a fixed list. */
export const oneOf = <T extends string | number>(values: readonly T[]) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description: `one of ${values.join(', ')}` },
  )
