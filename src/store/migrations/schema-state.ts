import { sql } from 'kysely'
import type { Database } from '../database/schema.ts'
import { OperatorError } from '../../service/fault.ts'

/** The migrations of a database, compared with those that this version knows. */
export type SchemaState = {
  /** Whether no migration was applied yet. */
  isEmpty: boolean
  /** The migrations that this version would apply. */
  pending: readonly string[]
  /** The migrations of a newer version. */
  newer: readonly string[]
  /** Whether this version can run on the database with the newer migrations: all of them are additive. */
  isCompatible: boolean
}

/** What is known of the migrations by `Migrator.getMigrations`. */
type KnownMigration = { name: string; executedAt?: Date | undefined }

/** Compares a database with the migrations that this version knows. Changes nothing. */
export async function readSchemaState(db: Database, known: readonly KnownMigration[]): Promise<SchemaState> {
  const pending = known.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
  // The table of the migrations exists if one was applied.
  if (pending.length === known.length) return { isEmpty: true, pending, newer: [], isCompatible: true }
  const applied = await readNames(db, 'kysely_migration')
  const newer = applied.filter((name) => known.every((each) => each.name !== name))
  const additive = newer.length === 0 ? [] : await readNames(db, 'additive_migration')
  return { isEmpty: false, pending, newer, isCompatible: newer.every((name) => additive.includes(name)) }
}

async function readNames(db: Database, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}

/** A database that this version cannot use as it is. */
export class SchemaError extends OperatorError {
  override name = 'SchemaError'
}

/** @throws SchemaError if the database was migrated by a newer version with which this one cannot run */
export function requireCompatible({ newer, isCompatible }: SchemaState): void {
  if (isCompatible) return
  throw new SchemaError([
    `the database was made by a newer version (${newer.join(', ')}); run that version, or restore the backup from before the upgrade.`,
  ])
}

/** @throws SchemaError if a command that only reads would have to create or migrate the database */
export function requireMigrated(state: SchemaState): void {
  requireCompatible(state)
  if (state.isEmpty) throw new SchemaError([`the database has no tables yet; ${HOW_TO_MIGRATE}`])
  if (state.pending.length > 0)
    throw new SchemaError([
      `the database was made by an older version (${state.pending.length} migrations are pending); ${HOW_TO_MIGRATE}`,
    ])
}

/** What creates or migrates a database. */
export const HOW_TO_MIGRATE = 'start the service, or run: db migrate.'
