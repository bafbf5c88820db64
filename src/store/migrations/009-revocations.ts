import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Creates revocations. */
export const revocations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('revocation')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('consultation', 'text', (column) => column.references('consultation.id'))
      .addColumn('room', 'text')
      .addColumn('user_id', 'text')
      .addColumn('issued_before', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('revocation_order').on('revocation').columns(['created_at', 'id']).execute()
    await db.schema.createIndex('revocation_consultation').on('revocation').columns(['consultation']).execute()
    await db.schema.createIndex('revocation_names').on('revocation').columns(['user_id', 'room']).execute()
  },
}
