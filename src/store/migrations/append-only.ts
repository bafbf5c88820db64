import type { Engine } from '../database/schema.ts'

/** The message of the database error when a statement would change or delete a protected row. */
export const APPEND_ONLY_ERROR = 'audit entries are append-only'

/**
 * @param table a table without triggers
 * @returns statements that make the database reject every change and deletion of the rows of the table
 */
export function buildAppendOnlyTriggers(engine: Engine, table: string): string[] {
  if (engine === 'sqlite') {
    return ['UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, '${APPEND_ONLY_ERROR}'); END`,
    )
  }
  return [
    `CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${APPEND_ONLY_ERROR}'; END $$`,
    `CREATE TRIGGER ${table}_no_change BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION audit_append_only()`,
    `CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()`,
  ]
}
