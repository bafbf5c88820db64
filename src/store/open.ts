import type { StoreEvents } from '../service/events.ts'
import type { ConsultationStore } from '../service/consultations/ports.ts'
import type { InvitationStore } from '../service/invitations/ports.ts'
import type { RevocationStore } from '../service/revocations/ports.ts'
import type { AuditReader, CheckpointStore, Retention } from '../service/audit/ports.ts'
import type { Ledger } from '../service/ports.ts'
import type { KeyRegister } from '../service/keys/ports.ts'
import { openLedger, type LinkEntry, type Writer } from './audit/ledger.ts'
import { openReader } from './audit/reader.ts'
import { createEmbeddedChangeBus, type StoreChangeBus } from './changes/change-bus.ts'
import { openCheckpoints } from './audit/checkpoints.ts'
import { openConsultations } from './consultations/consultations.ts'
import { openInvitations } from './invitations/invitations.ts'
import { openKeyRegister } from './key-register.ts'
import type { Access, PendingMigration } from './migrations/migrate.ts'
import type { SchemaState } from './migrations/schema-state.ts'
import { openPostgres, listPendingInPostgres, readPostgresState } from './engines/postgres.ts'
import { openPostgresChangeBus } from './changes/postgres-change-bus.ts'
import { openRetention } from './audit/retention.ts'
import { openRevocations } from './revocations.ts'
import { openSqlite, listPendingInSqlite, readSqliteState } from './engines/sqlite.ts'

/** The open database, with one property for each port of `service`. */
export type Store = {
  ledger: Ledger
  /** Writes the refusals of callers that are not known, in chains of their own. */
  anonymousLedger: Ledger
  register: KeyRegister
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Retention
  consultations: ConsultationStore
  invitations: InvitationStore
  revocations: RevocationStore
  changeBus: StoreChangeBus
  close(): Promise<void>
}

/** How the database is opened, and what returns the expected wait for a signature, in milliseconds; see `groupCommitDelayMs`. */
export type StoreOptions = { access?: Access; signingWaitMs?: (() => number) | undefined }

/**
 * Opens a database, and runs its pending migrations if `access` permits it.
 * @param url `postgres://…`, or `sqlite:` followed by a path
 * @param writers the writer of the audit entries, and the writer of anonymous entries
 * @param link links an audit entry to the one before it
 * @throws SchemaError if the database cannot be used as it is; the error of the database
 */
export async function openStore(
  url: string,
  writers: { own: Writer; anonymous: Writer },
  link: LinkEntry,
  events: StoreEvents,
  { signingWaitMs, access = 'migrate' }: StoreOptions = {},
): Promise<Store> {
  const onError = (error: Error) => events.onError(error)
  const options = { access, onNewer: (migrations: readonly string[]) => events.onNewerDatabase(migrations) }
  const db = isPostgres(url) ? await openPostgres(url, onError, options) : await openSqlite(pathOf(url), options)
  const engine = isPostgres(url) ? 'postgres' : 'sqlite'
  const changeBus = isPostgres(url) ? openPostgresChangeBus(url, onError) : createEmbeddedChangeBus(onError)
  return {
    ledger: openLedger(db, writers.own, link, events, signingWaitMs),
    anonymousLedger: openLedger(db, writers.anonymous, link, events),
    register: openKeyRegister(db),
    reader: openReader(db),
    checkpoints: openCheckpoints(db),
    retention: openRetention(db),
    consultations: openConsultations(db, engine),
    invitations: openInvitations(db, engine),
    revocations: openRevocations(db),
    changeBus,
    async close() {
      await changeBus.close()
      await db.destroy()
    },
  }
}

/** Lists the migrations that `openStore` would run. Changes nothing. @throws the error of the database */
export const planMigrations = (url: string): Promise<PendingMigration[]> =>
  isPostgres(url) ? listPendingInPostgres(url) : listPendingInSqlite(pathOf(url))

/** Compares a database with this version. Changes nothing, and does not create a file. @throws the error of the database */
export const readDatabaseState = (url: string): Promise<SchemaState> =>
  isPostgres(url) ? readPostgresState(url) : readSqliteState(pathOf(url))

const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url)
const pathOf = (url: string): string => url.slice('sqlite:'.length)
