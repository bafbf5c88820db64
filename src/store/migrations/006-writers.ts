import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Makes the index of writers partial: only the first entry of a chain has a writer. */
export const writers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.dropIndex('audit_entry_writer').execute()
    await sql`CREATE INDEX audit_entry_writer ON audit_entry (writer, time) WHERE writer IS NOT NULL`.execute(db)
  },
}
