import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { PGlite, types } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, sql } from 'kysely'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { openPostgres } from '../../src/store/postgres.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { Database, Tables } from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { tempDir } from '../kit.ts'

const POSTGRES = process.env['TEST_DATABASE_URL']

let pglite: PGlite | undefined

/** A database of its own for a test, on one engine. */
export type Engine = { name: string; there: boolean; open(): Promise<Database> }

export const ENGINES: Engine[] = [
  {
    name: 'SQLite',
    there: true,
    async open() {
      const db = await openSqlite(join(tempDir(), 'service.db'))
      onTestFinished(() => db.destroy())
      return db
    },
  },
  {
    name: 'PGlite',
    there: true,
    async open() {
      // One for all tests, emptied for each: it takes a second to start.
      pglite ??= new PGlite({ parsers: { [types.INT8]: Number, [types.NUMERIC]: Number } })
      await pglite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
      const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) })
      await migrate(db, 'postgres')
      return db
    },
  },
  {
    name: `PostgreSQL${POSTGRES === undefined ? ' (skipped: no TEST_DATABASE_URL)' : ''}`,
    there: POSTGRES !== undefined,
    async open() {
      const db = await openPostgres(await newPostgres(), () => undefined)
      onTestFinished(() => db.destroy())
      return db
    },
  },
]

/** @returns the URL of a new, empty database, gone when the test is */
export async function newPostgres(): Promise<string> {
  const name = `jts_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: POSTGRES })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  onTestFinished(async () => {
    const again = new pg.Client({ connectionString: POSTGRES })
    await again.connect()
    await again.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await again.end()
  })
  const url = new URL(POSTGRES ?? '')
  url.pathname = `/${name}`
  return url.href
}

/** Changes the record as somebody would who owns the database: the triggers are taken away first. */
export async function tamper(db: Database, statement: string): Promise<void> {
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
