import { existsSync, mkdirSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { migrate, type PendingMigration, listPendingMigrations } from '../migrations/migrate.ts'
import type { Database, Tables } from '../database/schema.ts'
import type { Answer, Ask } from './sqlite-worker.ts'

/** How long a write waits for another process to let go of the file. */
const BUSY_TIMEOUT_MS = 1000

/**
 * Opens the embedded database and brings its tables up to date. What is committed is on disk (WAL, synchronous=FULL).
 * @param path the file; its folder is made where it is missing, for its owner alone
 */
export async function openSqlite(path: string): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const db = await kyselyOver(path, false)
  try {
    await migrate(db, 'sqlite')
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** The migrations that a file lacks; one that is not there is not made. */
export async function pendingInSqlite(path: string): Promise<PendingMigration[]> {
  const isThere = existsSync(path)
  const db = await kyselyOver(isThere ? path : ':memory:', isThere)
  try {
    return await listPendingMigrations(db, 'sqlite')
  } finally {
    await db.destroy()
  }
}

async function kyselyOver(path: string, readOnly: boolean): Promise<Database> {
  const thread = startThread()
  try {
    await thread.ask({ open: path, readOnly, timeoutMs: BUSY_TIMEOUT_MS })
  } catch (error) {
    await thread.end()
    throw error
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new TransactionalAdapter(),
      createDriver: () => driverOver(thread),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/** SQLite changes tables in transactions as it does rows: so a migration reaches the disk once, and whole or not at all. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

type Thread = { ask(ask: Ask): Promise<Exclude<Answer, { error: string }>>; end(): Promise<unknown> }

type Waiting = { resolve: (answer: Exclude<Answer, { error: string }>) => void; reject: (error: Error) => void }

/** Starts a thread with a database in it. It keeps the process alive only while somebody waits for it. */
function startThread(): Thread {
  // The file stands beside this one, as source or compiled.
  const file = new URL(`sqlite-worker${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(file, { execArgv: [], name: 'sqlite' })
  const waiting: Waiting[] = []
  worker.unref()
  worker.on('message', (answer: Answer) => {
    const first = waiting.shift()
    if (waiting.length === 0) worker.unref()
    if ('error' in answer) first?.reject(new Error(answer.error))
    else first?.resolve(answer)
  })
  let broken: Error | undefined
  worker.on('error', (error) => {
    broken = error as Error
    for (const { reject } of waiting.splice(0)) reject(broken)
  })
  return {
    ask: (ask) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken)
        worker.ref()
        waiting.push({ resolve, reject })
        worker.postMessage(ask)
      }),
    end: () => worker.terminate(),
  }
}

/** The database of a thread, as Kysely expects it: one connection, which Kysely lets one at a time use. */
function driverOver(thread: Thread): Driver {
  const run = (sql: string) => thread.ask({ sql, parameters: [] })
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = await thread.ask({ sql, parameters })
      return { rows: rows as R[], numAffectedRows: BigInt(changes) }
    },
    streamQuery() {
      throw new Error('what is long is read page by page')
    },
  }
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    // At once for writing: of two processes that start together, one waits for the other.
    beginTransaction: async () => void (await run('begin immediate')),
    commitTransaction: async () => void (await run('commit')),
    rollbackTransaction: async () => void (await run('rollback')),
    releaseConnection: () => Promise.resolve(),
    async destroy() {
      await thread.ask({ close: true })
      await thread.end()
    },
  }
}
