import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Adds to audit entries the request id of the client, the entry that an entry undoes, and the number of requests that an entry
 * stands for. The index finds the first renewal of a token; it is partial, so that other entries take no space in it.
 */
export const requestIds: Migration = {
  async up(db: Kysely<unknown>) {
    for (const name of ['client_request_id', 'undoes']) {
      await db.schema.alterTable('audit_entry').addColumn(name, 'text').execute()
    }
    await db.schema.alterTable('audit_entry').addColumn('count', 'integer').execute()
    await sql`CREATE INDEX audit_entry_renews ON audit_entry (renews, time) WHERE renews IS NOT NULL`.execute(db)
  },
}
