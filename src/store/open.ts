import type { AuditReader, CheckpointStore, KeyRegister, Ledger } from '../service/ports.ts'
import { openLedger, type Link, type Writer } from './audit.ts'
import { openReader } from './audit-reader.ts'
import { openCheckpoints } from './checkpoints.ts'
import { openKeyRegister } from './keys.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

/** The record, opened. */
export type Store = {
  ledger: Ledger
  register: KeyRegister
  reader: AuditReader
  checkpoints: CheckpointStore
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
  const isPostgres = /^postgres(ql)?:/.test(url)
  const db = isPostgres ? await openPostgres(url, onError) : await openSqlite(url.slice('sqlite:'.length))
  return {
    ledger: openLedger(db, writer, link),
    register: openKeyRegister(db),
    reader: openReader(db),
    checkpoints: openCheckpoints(db),
    close: () => db.destroy(),
  }
}
