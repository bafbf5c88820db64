import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Engine } from '../database/schema.ts'
import { buildAppendOnlyTriggers } from './append-only.ts'

const ORDER = ['time', 'chain', 'sequence'] as const

/** Creates the tables of the audit record, which are append-only. */
export const createAuditMigration = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await createEntryTable(db)
    await createEntryIndexes(db)
    await db.schema
      .createTable('audit_checkpoint')
      .addColumn('number', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .addColumn('jws', 'text', (column) => column.notNull())
      .execute()
    for (const table of ['audit_entry', 'audit_checkpoint']) {
      for (const statement of buildAppendOnlyTriggers(engine, table)) await sql.raw(statement).execute(db)
    }
  },
})

async function createEntryTable(db: Kysely<unknown>): Promise<void> {
  const columns = ['request_id', 'caller', 'action', 'outcome', 'previous_hash', 'hash']
  const optional = ['on_behalf_of', 'code', 'room', 'user_id', 'role', 'jti', 'kid', 'writer', 'previous_chain']
  let entries = db.schema
    .createTable('audit_entry')
    .addColumn('chain', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('time', 'bigint', (column) => column.notNull())
    .addColumn('lifetime_seconds', 'bigint')
    .addPrimaryKeyConstraint('audit_entry_pk', ['chain', 'sequence'])
  for (const name of columns) entries = entries.addColumn(name, 'text', (column) => column.notNull())
  for (const name of optional) entries = entries.addColumn(name, 'text')
  await entries.execute()
}

async function createEntryIndexes(db: Kysely<unknown>): Promise<void> {
  // For the last signature of a key.
  await db.schema.createIndex('audit_entry_kid').on('audit_entry').columns(['kid', 'time']).execute()
  // Each search of an auditor has an index that returns its entries in order.
  for (const name of ['room', 'user_id', 'caller', 'jti', 'action', 'outcome']) {
    await db.schema
      .createIndex(`audit_entry_${name}`)
      .on('audit_entry')
      .columns([name, ...ORDER])
      .execute()
  }
  await db.schema
    .createIndex('audit_entry_order')
    .on('audit_entry')
    .columns([...ORDER])
    .execute()
  // For the last chain of a writer.
  await db.schema.createIndex('audit_entry_writer').on('audit_entry').columns(['writer', 'time']).execute()
}
