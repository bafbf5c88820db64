import { DummyDriver, Kysely, PostgresAdapter, PostgresQueryCompiler, SqliteAdapter, SqliteQueryCompiler } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { listMigrations } from './migrations.ts'
import { readSchemaState, requireCompatible, requireMigrated, type SchemaState } from './schema-state.ts'
import type { Database, Engine } from '../database/schema.ts'

const createMigrator = (db: Database, engine: Engine): Migrator =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve(listMigrations(engine)) } })

/** How a database is opened. */
export type OpenOptions = {
  /** `migrate` creates the database and runs the pending migrations; `existing` requires that there are none. */
  access?: Access
  /** Receives the migrations of a newer version, if this version can run with them. */
  onNewer?: (migrations: readonly string[]) => void
}
export type Access = 'migrate' | 'existing'

/**
 * Makes sure that the tables are those of this version. Replicas may start at the same time: Kysely holds a lock while
 * migrations run.
 * @throws SchemaError if the database needs migrations and `access` forbids them, or if a newer version made it; the error of
 *   the database if a migration fails
 */
export async function prepareSchema(
  db: Database,
  engine: Engine,
  { access = 'migrate', onNewer = () => undefined }: OpenOptions,
): Promise<void> {
  const state = await schemaStateOf(db, engine)
  if (access === 'existing') requireMigrated(state)
  requireCompatible(state)
  if (state.newer.length > 0) return onNewer(state.newer)
  if (state.pending.length === 0) return
  const { error } = await createMigrator(db, engine).migrateToLatest()
  if (error !== undefined) throw error
}

/** Compares a database with the migrations of this version. Changes nothing. */
export const schemaStateOf = async (db: Database, engine: Engine): Promise<SchemaState> =>
  readSchemaState(db, await createMigrator(db, engine).getMigrations())

/** A migration that a database does not have yet, and its SQL statements. */
export type PendingMigration = { name: string; statements: string[] }

/** Lists the migrations that `prepareSchema` would run. Changes nothing, even in an empty database. */
export async function listPendingMigrations(db: Database, engine: Engine): Promise<PendingMigration[]> {
  requireCompatible(await schemaStateOf(db, engine))
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
