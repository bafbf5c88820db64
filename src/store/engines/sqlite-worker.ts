import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'

// SQLite runs in a worker thread, because a commit waits milliseconds for the disk and must not block the event loop.

/** A request to the worker. Responses have the order of the requests. */
export type WorkerRequest =
  | { open: string; readOnly: boolean; timeoutMs: number }
  | { sql: string; parameters: readonly unknown[] }
  | { close: true }
export type WorkerResponse = { rows: unknown[]; changes: number } | { error: string }

let database: DatabaseSync | undefined
const statementCache = new Map<string, StatementSync>()

function handle(request: WorkerRequest): WorkerResponse {
  if ('open' in request) {
    database = new DatabaseSync(request.open, { timeout: request.timeoutMs, readOnly: request.readOnly })
    if (!request.readOnly) database.exec(PRAGMAS)
    return { rows: [], changes: 0 }
  }
  if (database === undefined) throw new Error('the database is not open')
  if ('close' in request) {
    statementCache.clear()
    database.close()
    database = undefined
    return { rows: [], changes: 0 }
  }
  const statement = statementCache.get(request.sql) ?? database.prepare(request.sql)
  statementCache.set(request.sql, statement)
  const values = request.parameters as SQLInputValue[]
  if (statement.columns().length > 0) return { rows: statement.all(...values), changes: 0 }
  return { rows: [], changes: Number(statement.run(...values).changes) }
}

/**
 * With WAL and synchronous=FULL, a commit returns when it is on disk. Checkpoints of the WAL are rare (4000 pages
 * rather than the default of 1000), because each commit changes few pages, and many commits change the same ones.
 */
const PRAGMAS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000`

parentPort?.on('message', (request: WorkerRequest) => {
  let response: WorkerResponse
  try {
    response = handle(request)
  } catch (error) {
    response = { error: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(response)
})
