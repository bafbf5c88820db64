import { randomUUID } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite, types } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, sql } from 'kysely'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { openPostgres } from '../../../src/store/engines/postgres.ts'
import { prepareSchema } from '../../../src/store/migrations/migrate.ts'
import type { Database, Tables } from '../../../src/store/database/schema.ts'
import { openSqlite } from '../../../src/store/engines/sqlite.ts'
import { tempDir } from '../../kit.ts'

const POSTGRES = process.env['TEST_DATABASE_URL']

let pglite: PGlite | undefined
let shared: string | undefined

/** A database of its own for a test, on one engine. */
type Engine = { name: string; there: boolean; open(): Promise<Database> }

const ALL: Engine[] = [
  {
    name: 'SQLite',
    there: true,
    async open() {
      const path = join(tempDir(), 'service.db')
      copyFileSync(inject('emptyDatabase'), path)
      const db = await openSqlite(path)
      onTestFinished(() => db.destroy())
      return db
    },
  },
  // Stands in for PostgreSQL where there is none.
  {
    name: 'PGlite',
    there: true,
    async open() {
      // One for all tests, emptied for each: it takes a second to start.
      pglite ??= new PGlite({ parsers: { [types.INT8]: Number, [types.NUMERIC]: Number } })
      const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) })
      await emptied(db, (statement) => pglite?.exec(statement) ?? Promise.resolve())
      return db
    },
  },
  {
    name: `PostgreSQL${POSTGRES === undefined ? ' (skipped: no TEST_DATABASE_URL)' : ''}`,
    there: POSTGRES !== undefined,
    async open() {
      // One for all tests, emptied for each: to make a database takes longer than most tests.
      shared ??= await createDatabase()
      const url = shared
      const db = await openPostgres(url, () => undefined)
      onTestFinished(() => db.destroy())
      await emptied(db, (statement) => administer(statement, url))
      return db
    },
  },
]

/** The engines that are tried; beside a real PostgreSQL nothing has to stand in for one. */
export const ENGINES = ALL.filter(({ name }) => name !== 'PGlite' || POSTGRES === undefined)

/** Databases whose triggers somebody took away. */
const tampered = new WeakSet<Database>()
let remake = false

/** Empties a database for the next test; its tables are made anew only where they are not as they should be. */
async function emptied(db: Database, run: (statement: string) => Promise<unknown>): Promise<void> {
  onTestFinished(() => void (remake ||= tampered.has(db)))
  if (remake) await run('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  remake = false
  await prepareSchema(db, 'postgres', {})
  const tables = (await db.introspection.getTables()).map(({ name }) => `"${name}"`).join(', ')
  // The triggers that keep the record from being emptied are not asked by whoever replicates.
  await run(`SET session_replication_role = replica; TRUNCATE ${tables}; RESET session_replication_role`)
}

/** To be called after all tests that opened engines. */
export async function closeEngines(): Promise<void> {
  if (shared !== undefined) await dropDatabase(shared)
  shared = undefined
}

/** @returns the URL of a new, empty database, gone when the test is */
export async function newPostgres(): Promise<string> {
  const url = await createDatabase()
  onTestFinished(() => dropDatabase(url))
  return url
}

async function createDatabase(): Promise<string> {
  const url = new URL(POSTGRES ?? '')
  url.pathname = `/jts_${randomUUID().replaceAll('-', '')}`
  await administer(`CREATE DATABASE ${nameOf(url.href)}`)
  return url.href
}

const dropDatabase = (url: string): Promise<void> => administer(`DROP DATABASE IF EXISTS ${nameOf(url)} WITH (FORCE)`)

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

async function administer(statement: string, url = POSTGRES): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(statement)
  await admin.end()
}

/** Changes the record as somebody would who owns the database: the triggers are taken away first. */
export async function tamper(db: Database, statement: string): Promise<void> {
  tampered.add(db)
  const isSqlite = await sql`select sqlite_version()`.execute(db).then(
    () => true,
    () => false,
  )
  for (const table of ['audit_entry', 'audit_checkpoint', 'audit_stub']) {
    for (const verb of ['update', 'delete', 'change', 'truncate']) {
      await sql.raw(`DROP TRIGGER IF EXISTS ${table}_no_${verb}${isSqlite ? '' : ` ON ${table}`}`).execute(db)
    }
  }
  for (const each of statement.split(';')) await sql.raw(each).execute(db)
}
