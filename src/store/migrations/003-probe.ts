import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Creates the table that the readiness probe writes to. */
export const probe: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('probe')
      .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .execute()
  },
}
