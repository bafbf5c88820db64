import type { Kysely } from 'kysely'
import { createAdditive } from './additive.ts'

/** Creates the table of the migrations with which the version before can still run. */
export const additiveMigrations = createAdditive('017-additive-migrations', {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('additive_migration')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .execute()
  },
})
