/** A JSON object with unknown properties. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @returns the object in a property, or an empty object */
export const objectAt = (holder: JsonObject, name: string): JsonObject => {
  const value = holder[name]
  return isJsonObject(value) ? value : {}
}
