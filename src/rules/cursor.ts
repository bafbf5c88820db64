/** The values by which a list is sorted. */
export type SortKey = Readonly<Record<string, number | string>>

/** Encodes positions in a list as cursors, and decodes them. */
export type CursorCodec<Position extends SortKey> = {
  /** @returns a cursor: a JSON array of the values in base64url (RFC 4648, section 5); opaque to clients */
  encode(position: Position): string
  /** @returns the position, or undefined if the text is not a cursor that `encode` returns for a valid position */
  decode(cursor: string): Position | undefined
}

/**
 * Creates the cursor codec of a list.
 * @param checks a check for each value of a position, in the order of the JSON array
 */
export function createCursorCodec<Position extends SortKey>(checks: {
  [Name in keyof Position & string]: (value: unknown) => boolean
}): CursorCodec<Position> {
  const fields = Object.entries<(value: unknown) => boolean>(checks)
  const encode = (position: Position): string =>
    Buffer.from(JSON.stringify(fields.map(([name]) => position[name]))).toString('base64url')
  return {
    encode,
    decode(cursor) {
      const values = parseArray(Buffer.from(cursor, 'base64url').toString('utf8'))
      if (values?.length !== fields.length) return undefined
      if (!fields.every(([, check], index) => check(values[index]))) return undefined
      const position = Object.fromEntries(fields.map(([name], index) => [name, values[index]])) as Position
      // Base64url and JSON can express the same values in several ways; only the canonical one is accepted.
      return encode(position) === cursor ? position : undefined
    },
  }
}

function parseArray(json: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The last time that a `Date` can represent, in epoch milliseconds (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME_MS = 8.64e15

/** Checks that a value is a time in epoch milliseconds, from 1970 on. */
export const isTimeMs = (value: unknown): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TIME_MS

/** Checks that a value is the sequence number of an audit entry. */
export const isSequence = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1

/** The form of an id. Ids are UUIDs of 36 characters. NUL does not match: PostgreSQL rejects it in text. */
const ID = /^[\w-]{1,36}$/

/** Checks that a value has the form of an id. */
export const isId = (value: unknown): boolean => typeof value === 'string' && ID.test(value)
