// A policy is read with these whose shape may be faulty, so that faults of meaning are told in the same breath as those of
// shape.

/** @returns the members of an object or a list; none of anything else */
export const propertiesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []

/** @returns the member of that name, its own; undefined where there is none */
export const propertyOf = (value: unknown, name: string): unknown =>
  propertiesOf(value).find(([key]) => key === name)?.[1]

/** @returns the members that are texts */
export const textsOf = (value: unknown): [string, string][] =>
  propertiesOf(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : []))
