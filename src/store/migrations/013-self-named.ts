import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds to participants whether the name is self-chosen: 1 or 0. */
export const selfNamed: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('participant')
      .addColumn('self_named', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
