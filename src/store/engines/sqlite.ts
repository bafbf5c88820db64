import { existsSync, mkdirSync, statSync } from 'node:fs'
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
import { explainFileError, explainWriteError } from '../../rules/file-error.ts'
import {
  listPendingMigrations,
  type OpenOptions,
  type PendingMigration,
  prepareSchema,
  schemaStateOf,
} from '../migrations/migrate.ts'
import { HOW_TO_MIGRATE, SchemaError, type SchemaState } from '../migrations/schema-state.ts'
import type { Database, Tables } from '../database/schema.ts'
import type { WorkerRequest, WorkerResponse } from './sqlite-worker.ts'

/** How long a write waits for the lock of another process, in milliseconds. */
const BUSY_TIMEOUT_MS = 1000

/**
 * Opens the embedded database and runs the pending migrations. A commit resolves when it is on disk (WAL,
 * synchronous=FULL).
 * @param path the database file; a missing folder is created, for its owner only
 * @throws SchemaError; the error of the database
 */
export async function openSqlite(path: string, options: OpenOptions = {}): Promise<Database> {
  if (options.access === 'existing') requireFile(path)
  else createFolder(dirname(path))
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new SchemaError([`${path} ${explainFileError({ code: 'EISDIR' }, 'file')}`])
  const db = await connect(path, false)
  try {
    await prepareSchema(db, 'sqlite', options)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

function requireFile(path: string): void {
  if (!existsSync(path)) throw new SchemaError([`there is no database at ${path} yet; ${HOW_TO_MIGRATE}`])
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new SchemaError([`the folder ${path} ${explainWriteError(error)}`])
  }
}

/** Compares a database file with the migrations of this version. If the file does not exist, it is not created. */
export const readSqliteState = (path: string): Promise<SchemaState> =>
  readExisting(path, (db) => schemaStateOf(db, 'sqlite'))

/** Lists the pending migrations of a database file. If the file does not exist, it is not created. */
export const listPendingInSqlite = (path: string): Promise<PendingMigration[]> =>
  readExisting(path, (db) => listPendingMigrations(db, 'sqlite'))

/** Reads a database file, or an empty database in memory if there is no file. */
async function readExisting<T>(path: string, read: (db: Database) => Promise<T>): Promise<T> {
  const exists = existsSync(path)
  const db = await connect(exists ? path : ':memory:', exists)
  try {
    return await read(db)
  } finally {
    await db.destroy()
  }
}

async function connect(path: string, readOnly: boolean): Promise<Database> {
  const thread = idleThreads.pop() ?? startThread()
  try {
    await thread.send({ open: path, readOnly, timeoutMs: BUSY_TIMEOUT_MS })
  } catch (error) {
    await thread.terminate()
    throw error
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new TransactionalAdapter(),
      createDriver: () => createDriver(thread),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/**
 * Makes Kysely run each migration in a transaction, so that it is applied completely or not at all. SQLite supports
 * DDL in transactions; the adapter of Kysely says that it does not.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

type Result = Exclude<WorkerResponse, { error: string }>

type DatabaseThread = { send(request: WorkerRequest): Promise<Result>; terminate(): Promise<unknown> }

type PendingRequest = { resolve: (result: Result) => void; reject: (error: Error) => void }

/** Threads of closed databases, for the next database: a thread takes 11 ms to start. */
const idleThreads: DatabaseThread[] = []
const MAX_IDLE_THREADS = 2

/** Starts the worker thread of a database. It keeps the process alive only while a request waits for its response. */
function startThread(): DatabaseThread {
  // The worker is in the same folder, as TypeScript source or compiled.
  const file = new URL(`sqlite-worker${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(file, { execArgv: [], name: 'sqlite' })
  const pending: PendingRequest[] = []
  worker.unref()
  worker.on('message', (response: WorkerResponse) => {
    const request = pending.shift()
    if (pending.length === 0) worker.unref()
    if ('error' in response) request?.reject(new Error(response.error))
    else request?.resolve(response)
  })
  let failure: Error | undefined
  worker.on('error', (error) => {
    failure = error as Error
    for (const { reject } of pending.splice(0)) reject(failure)
  })
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure)
        worker.ref()
        pending.push({ resolve, reject })
        worker.postMessage(request)
      }),
    terminate: () => worker.terminate(),
  }
}

/** Creates a Kysely driver with one connection, which Kysely lends to one user at a time. */
function createDriver(thread: DatabaseThread): Driver {
  const run = (sql: string) => thread.send({ sql, parameters: [] })
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = await thread.send({ sql, parameters })
      return { rows: rows as R[], numAffectedRows: BigInt(changes) }
    },
    streamQuery() {
      throw new Error('streaming is not supported; long results are read page by page')
    },
  }
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    // IMMEDIATE takes the write lock at the start: if two processes migrate at the same time, the second one waits.
    beginTransaction: async () => void (await run('begin immediate')),
    commitTransaction: async () => void (await run('commit')),
    rollbackTransaction: async () => void (await run('rollback')),
    releaseConnection: () => Promise.resolve(),
    async destroy() {
      await thread.send({ close: true })
      if (idleThreads.length < MAX_IDLE_THREADS) idleThreads.push(thread)
      else await thread.terminate()
    },
  }
}
