import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds to keys since when they are published. It is null for keys that are older than this column. */
export const keyPublication: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('key_seen').addColumn('published_since', 'bigint').execute()
  },
}
