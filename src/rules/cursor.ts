/** Where a page begins: behind what has this time, in epoch milliseconds, and this id. */
export type Place = { at: number; id: string }

/** A place as a cursor: opaque to whoever carries it. */
export const cursorAt = ({ at, id }: Place): string => Buffer.from(JSON.stringify([at, id])).toString('base64url')

/** What ids are made of; what no text of a database may hold would be a fault there. */
const ID = /^[0-9a-f-]{1,36}$/

/** @returns the place of a cursor; undefined for what is none */
export function placeAt(cursor: string): Place | undefined {
  try {
    const [at, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    return Number.isSafeInteger(at) && typeof id === 'string' && ID.test(id) && more.length === 0
      ? { at: at as number, id }
      : undefined
  } catch {
    return undefined
  }
}
