import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { CHECKPOINT_CHAIN } from '../../contract/audit/checkpoint.ts'
import { narrowIndexes } from './010-audit-indexes.ts'
import { consultations } from './007-consultations.ts'
import { invitations } from './008-invitations.ts'
import { revocations } from './009-revocations.ts'
import type { Engine } from '../database/schema.ts'

const ORDER = ['time', 'chain', 'sequence'] as const

const audit = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
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
    // What a key signed last, and which chain a writer had last, are asked for by these.
    await db.schema.createIndex('audit_entry_kid').on('audit_entry').columns(['kid', 'time']).execute()
    // Each question of an auditor has an index that gives its answer in order.
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
    await db.schema.createIndex('audit_entry_writer').on('audit_entry').columns(['writer', 'time']).execute()
    await db.schema
      .createTable('audit_checkpoint')
      .addColumn('number', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .addColumn('jws', 'text', (column) => column.notNull())
      .execute()
    for (const table of ['audit_entry', 'audit_checkpoint']) {
      for (const statement of appendOnly(engine, table)) await sql.raw(statement).execute(db)
    }
  },
})

const REFUSAL = 'audit entries are append-only'

/** The database itself refuses to change or remove what a table holds. */
function appendOnly(engine: Engine, table: string): string[] {
  if (engine === 'sqlite') {
    return ['UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
    )
  }
  return [
    `CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${REFUSAL}'; END $$`,
    `CREATE TRIGGER ${table}_no_change BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION audit_append_only()`,
    `CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()`,
  ]
}

const keys: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('key_seen')
      .addColumn('kid', 'text', (column) => column.primaryKey().notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('first_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}

const probe: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('probe')
      .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .execute()
  },
}

const origin: Migration = {
  async up(db: Kysely<unknown>) {
    for (const name of ['trace_id', 'address']) {
      await db.schema.alterTable('audit_entry').addColumn(name, 'text').execute()
    }
  },
}

const retention = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('audit_stub')
      .addColumn('chain', 'text', (column) => column.notNull())
      .addColumn('sequence', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('writer', 'text')
      .addColumn('began', 'bigint', (column) => column.notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .addColumn('jws', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('audit_stub_pk', ['chain', 'sequence'])
      .execute()
    await db.schema.createIndex('audit_stub_writer').on('audit_stub').columns(['writer', 'began']).execute()
    const statements = [
      ...appendOnly(engine, 'audit_stub'),
      ...removableByMarker(engine, 'audit_entry', 'OLD.chain', 'OLD.sequence'),
      ...removableByMarker(engine, 'audit_checkpoint', `'${CHECKPOINT_CHAIN}'`, 'OLD.number'),
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})

/** From now on the database lets go of a row that a signed stub stands for, and of no other. */
function removableByMarker(engine: Engine, table: string, chain: string, sequence: string): string[] {
  const kept = `NOT EXISTS (SELECT 1 FROM audit_stub WHERE chain = ${chain} AND sequence >= ${sequence})`
  if (engine === 'sqlite') {
    return [
      `DROP TRIGGER ${table}_no_delete`,
      `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} WHEN ${kept} BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
    ]
  }
  return [
    `CREATE FUNCTION ${table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF ${kept} THEN RAISE EXCEPTION '${REFUSAL}'; END IF; RETURN OLD; END $$`,
    `DROP TRIGGER ${table}_no_change ON ${table}`,
    `CREATE TRIGGER ${table}_no_change BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION audit_append_only()`,
    `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_keep()`,
  ]
}

/** Only the first entry of a chain names its writer; the others need no place in the index. */
const writers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.dropIndex('audit_entry_writer').execute()
    await sql`CREATE INDEX audit_entry_writer ON audit_entry (writer, time) WHERE writer IS NOT NULL`.execute(db)
  },
}

/** All migrations in the order of their names. They only go forward, and none changes once it was released. */
export const migrationsFor = (engine: Engine): Record<string, Migration> => ({
  '001-audit': audit(engine),
  '002-keys': keys,
  '003-probe': probe,
  '004-origin': origin,
  '005-retention': retention(engine),
  '006-writers': writers,
  '007-consultations': consultations,
  '008-invitations': invitations,
  '009-revocations': revocations,
  '010-indexes': narrowIndexes,
})
