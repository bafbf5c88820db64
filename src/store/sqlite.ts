import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'
import { migrate, type Pending, pendingMigrations } from './migrate.ts'
import type { Database, Tables } from './schema.ts'

/** How long a write waits for another process to let go of the file. It holds the event loop, so it is short. */
const BUSY_TIMEOUT_MS = 100

/**
 * Opens the embedded database and brings its tables up to date. What is committed is on disk (WAL, synchronous=FULL).
 * @param path the file; its folder is made where it is missing, for its owner alone
 */
export async function openSqlite(path: string): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const file = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const db = kyselyOver(file)
    await migrate(db, 'sqlite')
    return db
  } catch (error) {
    file.close()
    throw error
  }
}

/** The migrations that a file lacks; one that is not there is not made. */
export async function pendingInSqlite(path: string): Promise<Pending[]> {
  const file = existsSync(path) ? new DatabaseSync(path, { readOnly: true }) : new DatabaseSync(':memory:')
  const db = kyselyOver(file)
  try {
    return await pendingMigrations(db, 'sqlite')
  } finally {
    await db.destroy()
  }
}

const kyselyOver = (file: DatabaseSync): Database =>
  new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(file) }) })

/** node:sqlite in the shape that Kysely expects; each distinct statement is prepared once. */
function adapt(file: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => file.close(),
    prepare(sql) {
      const statement = prepared.get(sql) ?? adaptStatement(file.prepare(sql))
      prepared.set(sql, statement)
      return statement
    },
  }
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
