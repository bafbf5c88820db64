import { hash } from 'node:crypto'
import { isJsonObject } from './json.ts'

/** @returns the SHA-256 of a JSON value in hex, which does not depend on the order of properties */
export const fingerprintJson = (value: unknown): string =>
  hash(
    'sha256',
    JSON.stringify(value, (_key, each: unknown) =>
      isJsonObject(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each,
    ),
  )
