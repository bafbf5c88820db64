import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Declares a migration as additive: versions that do not know it can still run on the database, because it only adds what
 * they do not need, such as a table, an index, or a column with a default. The declaration is stored with the migration.
 * @param name the name of the migration
 */
export const createAdditive = (name: string, migration: Migration): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await migration.up(db)
    await sql`insert into additive_migration (name) values (${name})`.execute(db)
  },
})
