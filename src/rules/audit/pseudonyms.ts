import { createHmac } from 'node:crypto'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { Search } from './query.ts'

/** Replaces user ids and room names in the record with pseudonyms. */
export type Pseudonyms = { userId(id: string): string; room(name: string): string }

/**
 * Creates pseudonyms: HMAC-SHA-256 (RFC 2104) over the kind of value, a line feed, and the value, as 64 hex digits. With the
 * key, the record can be searched for a value, but no value can be read from it. The kind keeps the pseudonyms of a user and
 * of a room with the same name apart.
 * @param key at least 32 bytes
 */
export function createPseudonyms(key: string): Pseudonyms {
  const create = (kind: string) => (value: string) =>
    createHmac('sha256', key).update(`${kind}\n${value}`).digest('hex')
  return { userId: create('user'), room: create('room') }
}

/** @returns the entry with pseudonyms instead of user ids (`onBehalfOf` included) and the room */
export function pseudonymize(entry: AuditEntry, { userId, room }: Pseudonyms): AuditEntry {
  return {
    ...entry,
    ...(entry.userId === undefined ? {} : { userId: userId(entry.userId) }),
    ...(entry.onBehalfOf === undefined ? {} : { onBehalfOf: userId(entry.onBehalfOf) }),
    ...(entry.room === undefined ? {} : { room: room(entry.room) }),
  }
}

/** @returns the search with the pseudonyms of the user id and room that it looks for */
export function pseudonymizeSearch(search: Search, { userId, room }: Pseudonyms): Search {
  const { equal } = search
  return {
    ...search,
    equal: {
      ...equal,
      ...(equal.userId === undefined ? {} : { userId: userId(equal.userId) }),
      ...(equal.room === undefined ? {} : { room: room(equal.room) }),
    },
  }
}
