import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Creates the register of signing keys. */
export const keys: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('key_seen')
      .addColumn('kid', 'text', (column) => column.primaryKey().notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('first_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
