import { DummyDriver, Kysely, PostgresAdapter, PostgresQueryCompiler, SqliteAdapter, SqliteQueryCompiler } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { listMigrations } from './migrations.ts'
import type { Database, Engine } from '../database/schema.ts'

const createMigrator = (db: Database, engine: Engine): Migrator =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve(listMigrations(engine)) } })

/**
 * Runs the pending migrations. Replicas may start at the same time: Kysely holds a lock meanwhile.
 * @throws the error of the database if a migration fails
 */
export async function migrate(db: Database, engine: Engine): Promise<void> {
  const { error } = await createMigrator(db, engine).migrateToLatest()
  if (error !== undefined) throw error
}

/** A migration that a database does not have yet, and its SQL statements. */
export type PendingMigration = { name: string; statements: string[] }

/** Lists the migrations that `migrate` would run. Changes nothing, even in an empty database. */
export async function listPendingMigrations(db: Database, engine: Engine): Promise<PendingMigration[]> {
  const migrations = await createMigrator(db, engine).getMigrations()
  const pending: PendingMigration[] = []
  for (const { name, migration, executedAt } of migrations) {
    if (executedAt === undefined) pending.push({ name, statements: await listStatements(migration, engine) })
  }
  return pending
}

/** Runs a migration against a driver that does nothing, and records the statements. */
async function listStatements(migration: Migration, engine: Engine): Promise<string[]> {
  const statements: string[] = []
  const dry = new Kysely<unknown>({
    dialect: {
      createAdapter: () => (engine === 'sqlite' ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: () => {
        throw new Error('migrations do not introspect the database')
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
