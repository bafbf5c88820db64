import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { Tables } from '../database/schema.ts'

type Row = Tables['audit_entry']

/** The column of each property of an entry. */
export const COLUMNS = {
  chain: 'chain',
  sequence: 'sequence',
  time: 'time',
  requestId: 'request_id',
  clientRequestId: 'client_request_id',
  traceId: 'trace_id',
  address: 'address',
  caller: 'caller',
  onBehalfOf: 'on_behalf_of',
  action: 'action',
  outcome: 'outcome',
  code: 'code',
  consultation: 'consultation',
  invitation: 'invitation',
  room: 'room',
  userId: 'user_id',
  role: 'role',
  jti: 'jti',
  renews: 'renews',
  kid: 'kid',
  lifetimeSeconds: 'lifetime_seconds',
  document: 'document',
  undoes: 'undoes',
  count: 'count',
  writer: 'writer',
  previousChain: 'previous_chain',
  previousHash: 'previous_hash',
  hash: 'hash',
} as const satisfies Record<keyof ChainedEntry, keyof Row>

const PROPERTIES = Object.entries(COLUMNS) as [keyof ChainedEntry, keyof Row][]

/** Converts an entry to a row. Absent properties become null. */
export const toRow = (entry: ChainedEntry): Row =>
  Object.fromEntries(PROPERTIES.map(([property, column]) => [column, entry[property] ?? null])) as Row

/** Returns the values of an entry, in the order of the columns of `toRow`. */
export const toValues = (entry: ChainedEntry): unknown[] => PROPERTIES.map(([property]) => entry[property] ?? null)

/** Converts a row to an entry. Null columns become absent properties. */
export const toEntry = (row: Row): ChainedEntry =>
  Object.fromEntries(
    PROPERTIES.flatMap(([property, column]) => (row[column] === null ? [] : [[property, row[column]]])),
  ) as ChainedEntry
