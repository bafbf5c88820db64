import type { ChainedEntry } from '../../contract/audit/audit-entry.ts'
import type { Tables } from '../database/schema.ts'

type Row = Tables['audit_entry']

/** The column of each member of an entry. */
export const COLUMNS = {
  chain: 'chain',
  sequence: 'sequence',
  time: 'time',
  requestId: 'request_id',
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
  writer: 'writer',
  previousChain: 'previous_chain',
  previousHash: 'previous_hash',
  hash: 'hash',
} as const satisfies Record<keyof ChainedEntry, keyof Row>

const MEMBERS = Object.entries(COLUMNS) as [keyof ChainedEntry, keyof Row][]

/** An entry as the row that it is kept as: what is absent is null there. */
export const toRow = (entry: ChainedEntry): Row =>
  Object.fromEntries(MEMBERS.map(([member, column]) => [column, entry[member] ?? null])) as Row

/** The values of an entry, in the order of the columns of its row. */
export const toValues = (entry: ChainedEntry): unknown[] => MEMBERS.map(([member]) => entry[member] ?? null)

/** A row as the entry that it is: what is null there is absent. */
export const toEntry = (row: Row): ChainedEntry =>
  Object.fromEntries(
    MEMBERS.flatMap(([member, column]) => (row[column] === null ? [] : [[member, row[column]]])),
  ) as ChainedEntry
