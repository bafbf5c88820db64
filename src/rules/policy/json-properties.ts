// These functions read a policy that may violate its schema, so that all its errors are reported together.

/** @returns the properties of an object or the items of a list; none for any other value */
export const propertiesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

/** @returns the own property of that name, or undefined */
export const propertyOf = (value: unknown, name: string): unknown =>
  propertiesOf(value).find(([key]) => key === name)?.[1]

/** @returns the properties that are strings */
export const textsOf = (value: unknown): [string, string][] =>
  propertiesOf(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : []))
