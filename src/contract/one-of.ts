import { Type } from '@sinclair/typebox'

/** Schema of a value from a fixed list. */
export const oneOf = <T extends string | number>(values: readonly T[]) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description: `one of ${values.join(', ')}` },
  )

/** Schema of a value from a fixed list in a request or an answer: one `enum`, which generated clients turn into one type. */
export const enumOf = <T extends string>(values: readonly T[], description = `one of ${values.join(', ')}`) =>
  Type.Unsafe<T>(Type.String({ enum: [...values], description }))
