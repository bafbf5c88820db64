/** A JSON object of unknown make. */
export type Members = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @returns the object at a member, or an empty one */
export const membersAt = (holder: Members, name: string): Members => {
  const value = holder[name]
  return isMembers(value) ? value : {}
}
