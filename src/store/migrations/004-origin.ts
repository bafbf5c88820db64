import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds the trace id and the client address of the request to audit entries. */
export const origin: Migration = {
  async up(db: Kysely<unknown>) {
    for (const name of ['trace_id', 'address']) {
      await db.schema.alterTable('audit_entry').addColumn(name, 'text').execute()
    }
  },
}
