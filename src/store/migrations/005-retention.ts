import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { CHECKPOINT_CHAIN } from '../../contract/audit/checkpoint.ts'
import type { Engine } from '../database/schema.ts'
import { APPEND_ONLY_ERROR, buildAppendOnlyTriggers } from './append-only.ts'

/** Creates the retention markers, and permits the deletion of the rows that they cover. */
export const createRetentionMigration = (engine: Engine): Migration => ({
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
      ...buildAppendOnlyTriggers(engine, 'audit_stub'),
      ...buildRetentionTriggers(engine, 'audit_entry', 'OLD.chain', 'OLD.sequence'),
      ...buildRetentionTriggers(engine, 'audit_checkpoint', `'${CHECKPOINT_CHAIN}'`, 'OLD.number'),
    ]
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
})

/**
 * @param table an append-only table
 * @param chain SQL expression for the chain of the row that is deleted
 * @param sequence SQL expression for its sequence
 * @returns statements that make the database reject deletions only if no retention marker covers the row
 */
function buildRetentionTriggers(engine: Engine, table: string, chain: string, sequence: string): string[] {
  const uncovered = `NOT EXISTS (SELECT 1 FROM audit_stub WHERE chain = ${chain} AND sequence >= ${sequence})`
  if (engine === 'sqlite') {
    return [
      `DROP TRIGGER ${table}_no_delete`,
      `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} WHEN ${uncovered} BEGIN SELECT RAISE(ABORT, '${APPEND_ONLY_ERROR}'); END`,
    ]
  }
  return [
    `CREATE FUNCTION ${table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF ${uncovered} THEN RAISE EXCEPTION '${APPEND_ONLY_ERROR}'; END IF; RETURN OLD; END $$`,
    `DROP TRIGGER ${table}_no_change ON ${table}`,
    `CREATE TRIGGER ${table}_no_change BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION audit_append_only()`,
    `CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_keep()`,
  ]
}
