import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds to participants when they were last seen in the waiting room. */
export const presence: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('participant').addColumn('last_seen_at', 'bigint').execute()
  },
}
