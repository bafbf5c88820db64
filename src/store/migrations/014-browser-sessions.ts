import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Replaces the sessions of invitations by those of browsers: one browser may be bound to several consultations, by
 * invitations or by signing in. Keeps earlier codes of invitations, so that a refusal can say that a code was replaced.
 */
export const browserSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('browser_session')
      .addColumn('session_hash', 'text', (column) => column.notNull())
      .addColumn('consultation', 'text', (column) => column.notNull().references('consultation.id'))
      .addColumn('caller', 'text', (column) => column.notNull())
      .addColumn('invitation', 'text', (column) => column.references('invitation.id'))
      .addColumn('code_hash', 'text')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('bound_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('browser_session_pk', ['session_hash', 'consultation', 'caller'])
      .execute()
    await sql`INSERT INTO browser_session
      SELECT s.session_hash, i.consultation, 'invitation:' || i.id, i.id, s.code_hash, s.user_id, i.role, s.created_at
      FROM invitation_session s JOIN invitation i ON i.id = s.invitation`.execute(db)
    await db.schema.dropTable('invitation_session').execute()
    await db.schema.createIndex('browser_session_invitation').on('browser_session').columns(['invitation']).execute()
    await db.schema
      .createIndex('browser_session_consultation')
      .on('browser_session')
      .columns(['consultation'])
      .execute()
    await db.schema
      .createTable('former_code')
      .addColumn('code_hash', 'text', (column) => column.primaryKey().notNull())
      .addColumn('invitation', 'text', (column) => column.notNull().references('invitation.id'))
      .execute()
    await db.schema.createIndex('former_code_invitation').on('former_code').columns(['invitation']).execute()
  },
}
