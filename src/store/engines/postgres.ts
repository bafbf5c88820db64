import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { migrate, type PendingMigration, listPendingMigrations } from '../migrations/migrate.ts'
import type { Database, Tables } from '../database/schema.ts'

/** No statement of this service takes longer, unless something is wrong. */
const STATEMENT_TIMEOUT_MS = 2000

/** The types that come as text otherwise, because JavaScript could not hold them: 20 is bigint, 1700 numeric. */
const NUMBERS = new Set([20, 1700])

/**
 * Opens PostgreSQL and brings its tables up to date.
 * @param url `postgres://…`; of TLS speak its parameters `sslmode` and `sslrootcert`
 * @param onError is told of connections that break; without a listener they would end the process
 */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<Database> {
  const db = connect(url, onError)
  try {
    await migrate(db, 'postgres')
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** The migrations that a database lacks. */
export async function pendingInPostgres(url: string): Promise<PendingMigration[]> {
  const db = connect(url, () => undefined)
  try {
    return await listPendingMigrations(db, 'postgres')
  } finally {
    await db.destroy()
  }
}

function connect(url: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server's limit cannot help where the server hangs.
    query_timeout: STATEMENT_TIMEOUT_MS + 500,
    idleTimeoutMillis: 60_000,
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary'): ((value: string) => unknown) =>
        NUMBERS.has(id) ? Number : (pg.types.getTypeParser(id, format) as (value: string) => unknown),
    },
  })
  pool.on('error', onError)
  // The pool listens to its idle connections alone; one that breaks in use would end the process.
  pool.on('connect', (client) => client.on('error', onError))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
