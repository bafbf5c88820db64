import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Adds the card and the last notice of consultations, the keys of drafts that were deleted, and the texts that were shown. */
export const visits: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [table, column, type] of [
      ['consultation', 'card', 'text'],
      ['consultation', 'notice_code', 'text'],
      ['consultation', 'notice_at', 'bigint'],
      ['participant', 'drafts_deleted_at', 'bigint'],
      ['audit_entry', 'document', 'text'],
    ] as const) {
      await db.schema.alterTable(table).addColumn(column, type).execute()
    }
  },
}
