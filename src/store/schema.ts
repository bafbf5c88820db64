import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

/** The tables. Times are epoch milliseconds; what does not apply is null here and absent in an entry. */
export type Tables = {
  audit_entry: {
    chain: string
    sequence: number
    time: number
    request_id: string
    caller: string
    on_behalf_of: string | null
    action: string
    outcome: string
    code: string | null
    room: string | null
    user_id: string | null
    role: string | null
    jti: string | null
    kid: string | null
    lifetime_seconds: number | null
    /** In the first entry of a chain alone: whose chain it is, and which one that writer had before. */
    writer: string | null
    previous_chain: string | null
    previous_hash: string
    hash: string
  }
  /** Signed ends of chains, numbered without a gap. */
  audit_checkpoint: { number: number; time: number; jws: string }
  /** Every key that was ever seen, by the kid that verifiers cache it under. */
  key_seen: {
    kid: string
    fingerprint: string
    state: 'active' | 'next' | 'retired' | 'removed'
    first_seen_at: number
    changed_at: number
  }
  /** One row that a readiness probe rewrites: writing is the only proof that writing works. */
  probe: { id: number; time: number }
}

export type Database = Kysely<Tables>

export type Engine = 'sqlite' | 'postgres'

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

/** The database itself refuses to change or remove what a table holds. */
function appendOnly(engine: Engine, table: string): string[] {
  const says = 'audit entries are append-only'
  if (engine === 'sqlite') {
    return ['UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, '${says}'); END`,
    )
  }
  return [
    `CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${says}'; END $$`,
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

/**
 * Brings the tables to the shape that this version needs; what is there stays. Kysely's own lock lets replicas start
 * together.
 */
export async function migrate(db: Database, engine: Engine): Promise<void> {
  const migrations = { '001-audit': audit(engine), '002-keys': keys, '003-probe': probe }
  const provider = { getMigrations: () => Promise.resolve(migrations) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
