import type { ConsultationStore } from '../service/consultation-ports.ts'
import type { InvitationStore } from '../service/invitation-ports.ts'
import type { RevocationStore } from '../service/revocation-ports.ts'
import type { AuditReader, CheckpointStore, KeyRegister, Ledger, Retention } from '../service/ports.ts'
import { type CommitEvents, openLedger, type Link, type Writer } from './audit.ts'
import { openReader } from './audit-reader.ts'
import { embeddedBell, type StoreBell } from './bell.ts'
import { openCheckpoints } from './checkpoints.ts'
import { openConsultations } from './consultations.ts'
import { openInvitations } from './invitations.ts'
import { openKeyRegister } from './keys.ts'
import type { Pending } from './migrate.ts'
import { openPostgres, pendingInPostgres } from './postgres.ts'
import { postgresBell } from './postgres-bell.ts'
import { openRetention } from './retention.ts'
import { openRevocations } from './revocations.ts'
import { openSqlite, pendingInSqlite } from './sqlite.ts'

/** For whoever does not want to know. */
export const SILENT: StoreEvents = { broke: () => undefined, committed: () => undefined, commitFailed: () => undefined }

/** The record, opened. */
export type Store = {
  ledger: Ledger
  register: KeyRegister
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Retention
  consultations: ConsultationStore
  invitations: InvitationStore
  revocations: RevocationStore
  bell: StoreBell
  close(): Promise<void>
}

/** Is told how the record fares. */
export type StoreEvents = CommitEvents & {
  /** A connection broke while nobody used it, or somebody who was told of a change failed. */
  broke(error: Error): void
}

/**
 * Opens the record where a URL says: `postgres://…`, or `sqlite:` and a path.
 * @param waitMs as `openLedger` has it
 */
export async function openStore(
  url: string,
  writer: Writer,
  link: Link,
  events: StoreEvents,
  waitMs?: () => number,
): Promise<Store> {
  const broke = (error: Error) => events.broke(error)
  const db = isPostgres(url) ? await openPostgres(url, broke) : await openSqlite(pathOf(url))
  const engine = isPostgres(url) ? 'postgres' : 'sqlite'
  const bell = isPostgres(url) ? postgresBell(url, broke) : embeddedBell(broke)
  return {
    ledger: openLedger(db, writer, link, events, waitMs),
    register: openKeyRegister(db),
    reader: openReader(db),
    checkpoints: openCheckpoints(db),
    retention: openRetention(db),
    consultations: openConsultations(db, engine),
    invitations: openInvitations(db, engine),
    revocations: openRevocations(db),
    bell,
    async close() {
      await bell.close()
      await db.destroy()
    },
  }
}

/** What opening the record would change about its tables; nothing is changed. */
export const planMigrations = (url: string): Promise<Pending[]> =>
  isPostgres(url) ? pendingInPostgres(url) : pendingInSqlite(pathOf(url))

const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url)
const pathOf = (url: string): string => url.slice('sqlite:'.length)
