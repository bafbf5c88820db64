// These functions read a policy that may violate its schema, so that all errors of a file are reported at once.

/** @returns the properties of an object or the elements of a list; an empty list for any other value */
export const propertiesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

/** @returns the value of an own property, or undefined */
export const propertyOf = (value: unknown, name: string): unknown =>
  propertiesOf(value).find(([key]) => key === name)?.[1]

/** @returns the properties of an object or the elements of a list whose values are strings */
export const stringPropertiesOf = (value: unknown): [string, string][] =>
  propertiesOf(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : []))
