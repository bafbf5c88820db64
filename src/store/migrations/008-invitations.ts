import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Creates invitations to consultations, and the sessions of the browsers that used them. */
export const invitations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('invitation')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('consultation', 'text', (column) => column.notNull().references('consultation.id'))
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('name', 'text')
      .addColumn('user_id', 'text')
      .addColumn('uses', 'bigint', (column) => column.notNull())
      .addColumn('used', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint')
      .addColumn('code_hash', 'text', (column) => column.notNull().unique())
      .execute()
    await db.schema
      .createIndex('invitation_order')
      .on('invitation')
      .columns(['consultation', 'created_at', 'id'])
      .execute()
    await db.schema
      .createTable('invitation_session')
      .addColumn('session_hash', 'text', (column) => column.primaryKey().notNull())
      .addColumn('invitation', 'text', (column) => column.notNull().references('invitation.id'))
      .addColumn('code_hash', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('invitation_session_of').on('invitation_session').columns(['invitation']).execute()
  },
}
