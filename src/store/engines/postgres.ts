import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import {
  listPendingMigrations,
  type OpenOptions,
  type PendingMigration,
  prepareSchema,
  schemaStateOf,
} from '../migrations/migrate.ts'
import type { SchemaState } from '../migrations/schema-state.ts'
import type { Database, Tables } from '../database/schema.ts'
import { connectionStringOf } from './postgres-url.ts'

/** The time limit of a statement, in milliseconds. Every statement of this service takes less in normal operation. */
const STATEMENT_TIMEOUT_MS = 2000

/**
 * Type ids (OID) that are parsed as numbers: bigint (20) and numeric (1700). `pg` returns them as text, because they
 * can exceed the range of a JavaScript number; the values of this service do not.
 */
const NUMBER_TYPES = new Set([20, 1700])

/**
 * Connects to PostgreSQL and runs the pending migrations.
 * @param url `postgres://…`; its parameters `sslmode` and `sslrootcert` configure TLS
 * @param onError receives the error when a connection breaks
 * @throws SchemaError; the error of the database
 */
export async function openPostgres(
  url: string,
  onError: (error: Error) => void,
  options: OpenOptions = {},
): Promise<Database> {
  const db = connect(url, onError)
  try {
    await prepareSchema(db, 'postgres', options)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** Compares a database with the migrations of this version. */
export const readPostgresState = (url: string): Promise<SchemaState> =>
  readExisting(url, (db) => schemaStateOf(db, 'postgres'))

/** Lists the pending migrations of a database. */
export const listPendingInPostgres = (url: string): Promise<PendingMigration[]> =>
  readExisting(url, (db) => listPendingMigrations(db, 'postgres'))

async function readExisting<T>(url: string, read: (db: Database) => Promise<T>): Promise<T> {
  const db = connect(url, () => undefined)
  try {
    return await read(db)
  } finally {
    await db.destroy()
  }
}

function connect(url: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: connectionStringOf(url),
    max: 4,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The client needs a limit too, because a server that hangs does not apply its own.
    query_timeout: STATEMENT_TIMEOUT_MS + 500,
    idleTimeoutMillis: 60_000,
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary'): ((value: string) => unknown) =>
        NUMBER_TYPES.has(id) ? Number : (pg.types.getTypeParser(id, format) as (value: string) => unknown),
    },
  })
  pool.on('error', onError)
  // The pool handles errors of idle connections only. Without a handler, an error of a busy connection would end the
  // process.
  pool.on('connect', (client) => client.on('error', onError))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
