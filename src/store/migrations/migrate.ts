import { DummyDriver, Kysely, PostgresAdapter, PostgresQueryCompiler, SqliteAdapter, SqliteQueryCompiler } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { migrationsFor } from './migrations.ts'
import type { Database, Engine } from '../database/schema.ts'

const migratorOf = (db: Database, engine: Engine): Migrator =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrationsFor(engine)) } })

/**
 * Brings the tables to the shape that this version needs; what is there stays. Kysely's own lock lets replicas start
 * together.
 */
export async function migrate(db: Database, engine: Engine): Promise<void> {
  const { error } = await migratorOf(db, engine).migrateToLatest()
  if (error !== undefined) throw error
}

/** A migration that a database lacks, and what it would do. */
export type Pending = { name: string; statements: string[] }

/** What `migrate` would do; nothing is changed, not even where there is nothing yet. */
export async function pendingMigrations(db: Database, engine: Engine): Promise<Pending[]> {
  const migrations = await migratorOf(db, engine).getMigrations()
  const pending: Pending[] = []
  for (const { name, migration, executedAt } of migrations) {
    if (executedAt === undefined) pending.push({ name, statements: await statementsOf(migration, engine) })
  }
  return pending
}

/** The statements of a migration, taken from a run against a database that does nothing. */
async function statementsOf(migration: Migration, engine: Engine): Promise<string[]> {
  const statements: string[] = []
  const dry = new Kysely<unknown>({
    dialect: {
      createAdapter: () => (engine === 'sqlite' ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: () => {
        throw new Error('a migration asks nothing')
      },
      createQueryCompiler: () => (engine === 'sqlite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    },
    log({ query }) {
      statements.push(query.sql)
    },
  })
  await migration.up(dry)
  return statements
}
