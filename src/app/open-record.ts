import { randomUUIDv7 } from 'node:crypto'
import { type Config, ConfigurationError } from '../config/config.ts'
import type { AuditEntry } from '../contract/audit/audit-entry.ts'
import type { Events } from '../telemetry/events.ts'
import type { ReloadOutcome } from '../service/events.ts'
import { reasonOf } from '../rules/network-error.ts'
import { linkEntry } from '../rules/audit/chain.ts'
import { anonymousWriterOf } from '../rules/audit/retention.ts'
import { pseudonymize, pseudonymizeSearch, type Pseudonyms, createPseudonyms } from '../rules/audit/pseudonyms.ts'
import type { Clock } from '../service/ports.ts'
import type { Ledger } from '../service/ports.ts'
import { OperatorError } from '../service/fault.ts'
import { openStore, planMigrations, readDatabaseState, type Store, type StoreOptions } from '../store/open.ts'
import { NO_EVENTS, type StoreEvents } from '../service/events.ts'

/** @returns a function that reports the outcome of a policy reload, and records it if the policy changed or is invalid */
export const recordReload =
  (note: ReturnType<typeof createNote>, events: Pick<Events, 'onPolicyReload' | 'onError'>) =>
  (outcome: ReloadOutcome): void => {
    events.onPolicyReload(outcome)
    if (outcome.fault === undefined && !outcome.changed) return
    note('policy.reload', outcome.fault === undefined ? 'done' : 'refused').catch(events.onError)
  }

/** @returns a function that records what no caller requested, such as the start of the service */
export const createNote =
  (ledger: Ledger, clock: Clock) =>
  async (action: AuditEntry['action'], outcome: AuditEntry['outcome'] = 'done'): Promise<void> => {
    await ledger.append({ time: clock(), requestId: randomUUIDv7(), caller: '-', action, outcome })
  }

/**
 * Opens the record without the rest of the service.
 * @param writer the name under which entries are appended
 * @returns the open record, which the caller closes
 * @throws ConfigurationError if the database cannot be opened
 */
export async function openRecord(
  { DATABASE_URL, AUDIT_PSEUDONYM_KEY }: RecordConfig,
  writer: string,
  events: StoreEvents = NO_EVENTS,
  options: StoreOptions = {},
): Promise<Store> {
  const writers = {
    own: { name: writer, chain: randomUUIDv7() },
    anonymous: { name: anonymousWriterOf(writer), chain: randomUUIDv7() },
  }
  const record = await openStore(DATABASE_URL, writers, linkEntry, events, options).catch(throwCannotOpen)
  return AUDIT_PSEUDONYM_KEY === undefined ? record : withPseudonyms(record, createPseudonyms(AUDIT_PSEUDONYM_KEY))
}

/** The settings that the record needs. */
type RecordConfig = Pick<Config, 'DATABASE_URL' | 'AUDIT_PSEUDONYM_KEY'>

function throwCannotOpen(error: Error): never {
  if (error instanceof OperatorError) throw new ConfigurationError(error.errors.map((each) => `DATABASE_URL: ${each}`))
  throw new ConfigurationError([
    `DATABASE_URL: the database cannot be opened (${error.message === '' ? reasonOf(error) : error.message}); name a database that this process can reach and write to.`,
  ])
}

/** @returns a record that stores pseudonyms instead of user ids and rooms, and searches for them by pseudonym */
const withPseudonyms = (record: Store, pseudonyms: Pseudonyms): Store => ({
  ...record,
  ledger: { ...record.ledger, append: (entry) => record.ledger.append(pseudonymize(entry, pseudonyms)) },
  reader: { ...record.reader, search: (search) => record.reader.search(pseudonymizeSearch(search, pseudonyms)) },
})

/** Lists the migrations that opening the record would apply, and applies none. @throws ConfigurationError */
export const listPendingMigrations = ({ DATABASE_URL }: RecordConfig) =>
  planMigrations(DATABASE_URL).catch(throwCannotOpen)

/** Compares the database with this version. Changes nothing. @throws ConfigurationError if it cannot be read */
export const readRecordState = ({ DATABASE_URL }: RecordConfig) =>
  readDatabaseState(DATABASE_URL).catch(throwCannotOpen)

/** Creates the database, or applies its pending migrations. @throws ConfigurationError */
export async function migrateRecord(config: RecordConfig, writer: string): Promise<void> {
  await (await openRecord(config, writer)).close()
}

/**
 * Opens a record that exists, calls `use`, and closes it. It neither creates nor migrates the database.
 * @throws what `openRecord` and `use` throw
 */
export async function withRecord<T>(
  config: RecordConfig,
  writer: string,
  use: (record: Store) => Promise<T>,
): Promise<T> {
  const record = await openRecord(config, writer, NO_EVENTS, { access: 'existing' })
  try {
    return await use(record)
  } finally {
    await record.close()
  }
}
