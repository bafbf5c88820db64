import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Creates consultations, their participants and idempotent answers, and adds references to them to audit entries. */
export const consultations: Migration = {
  async up(db: Kysely<unknown>) {
    for (const name of ['consultation', 'invitation', 'renews']) {
      await db.schema.alterTable('audit_entry').addColumn(name, 'text').execute()
    }
    // Partial: an entry without a consultation takes no space in this index.
    await sql`CREATE INDEX audit_entry_consultation ON audit_entry (consultation, time, chain, sequence)
      WHERE consultation IS NOT NULL`.execute(db)
    await createConsultationTable(db)
    await createParticipantTable(db)
    await createAnswerTable(db)
  },
}

async function createConsultationTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('consultation')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('room', 'text', (column) => column.notNull().unique())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('starts_at', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .addColumn('waiting_room', 'bigint', (column) => column.notNull())
    .addColumn('max_participants', 'bigint')
    .addColumn('external_id', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('cancelled_at', 'bigint')
    .execute()
  await db.schema.createIndex('consultation_order').on('consultation').columns(['starts_at', 'id']).execute()
  await sql`CREATE INDEX consultation_external ON consultation (external_id, starts_at, id)
    WHERE external_id IS NOT NULL`.execute(db)
}

async function createParticipantTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('participant')
    .addColumn('consultation', 'text', (column) => column.notNull().references('consultation.id'))
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('waiting_since', 'bigint')
    .addColumn('admitted_at', 'bigint')
    .addColumn('entered_at', 'bigint')
    .addColumn('via', 'text')
    .addPrimaryKeyConstraint('participant_pk', ['consultation', 'user_id'])
    .execute()
  await db.schema.createIndex('participant_user').on('participant').columns(['user_id', 'consultation']).execute()
}

async function createAnswerTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotent_answer')
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotent_answer_pk', ['caller', 'key'])
    .execute()
  await db.schema.createIndex('idempotent_answer_age').on('idempotent_answer').columns(['created_at']).execute()
}
