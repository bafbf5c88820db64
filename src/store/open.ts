import type { AuditReader, CheckpointStore, KeyRegister, Ledger, Retention } from '../service/ports.ts'
import { openLedger, type Link, type Writer } from './audit.ts'
import { openReader } from './audit-reader.ts'
import { openCheckpoints } from './checkpoints.ts'
import { openKeyRegister } from './keys.ts'
import type { Pending } from './migrate.ts'
import { openPostgres, pendingInPostgres } from './postgres.ts'
import { openRetention } from './retention.ts'
import { openSqlite, pendingInSqlite } from './sqlite.ts'

/** The record, opened. */
export type Store = {
  ledger: Ledger
  register: KeyRegister
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Retention
  close(): Promise<void>
}

/**
 * Opens the record where a URL says: `postgres://…`, or `sqlite:` and a path.
 * @param onError is told of connections that break while nobody uses them
 */
export async function openStore(
  url: string,
  writer: Writer,
  link: Link,
  onError: (error: Error) => void,
): Promise<Store> {
  const db = isPostgres(url) ? await openPostgres(url, onError) : await openSqlite(pathOf(url))
  return {
    ledger: openLedger(db, writer, link),
    register: openKeyRegister(db),
    reader: openReader(db),
    checkpoints: openCheckpoints(db),
    retention: openRetention(db),
    close: () => db.destroy(),
  }
}

/** What opening the record would change about its tables; nothing is changed. */
export const planMigrations = (url: string): Promise<Pending[]> =>
  isPostgres(url) ? pendingInPostgres(url) : pendingInSqlite(pathOf(url))

const isPostgres = (url: string): boolean => /^postgres(ql)?:/.test(url)
const pathOf = (url: string): string => url.slice('sqlite:'.length)
