import { createHmac } from 'node:crypto'
import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { Search } from './query.ts'

/** What stands for a person or a room in the record, where the record must not tell them. */
export type Pseudonyms = { userId(id: string): string; room(name: string): string }

/**
 * Makes pseudonyms: HMAC-SHA-256 (RFC 2104) over what it is, a line feed, and the value, as 64 hex digits. Whoever holds the
 * key can look for a value; nobody can read one, and a room is never taken for a person of the same name.
 * @param key at least 32 bytes
 */
export function createPseudonyms(key: string): Pseudonyms {
  const of = (what: string) => (value: string) => createHmac('sha256', key).update(`${what}\n${value}`).digest('hex')
  return { userId: of('user'), room: of('room') }
}

/** An entry as it is kept: persons and rooms by their pseudonyms, whoever caused the request among them. */
export function pseudonymize(entry: AuditEntry, { userId, room }: Pseudonyms): AuditEntry {
  return {
    ...entry,
    ...(entry.userId === undefined ? {} : { userId: userId(entry.userId) }),
    ...(entry.onBehalfOf === undefined ? {} : { onBehalfOf: userId(entry.onBehalfOf) }),
    ...(entry.room === undefined ? {} : { room: room(entry.room) }),
  }
}

/** A question as it has to be asked of a record that holds pseudonyms. */
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
