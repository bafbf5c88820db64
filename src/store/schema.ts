import type { Kysely } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'

/** The tables. Times are epoch milliseconds; what does not apply is null here and absent in an entry. */
export type Tables = {
  audit_entry: {
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
    previous_hash: string
    hash: string
  }
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

const audit: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('audit_entry')
      .addColumn('sequence', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('caller', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .addColumn('code', 'text')
      .addColumn('room', 'text')
      .addColumn('user_id', 'text')
      .addColumn('role', 'text')
      .addColumn('jti', 'text')
      .addColumn('kid', 'text')
      .addColumn('lifetime_seconds', 'bigint')
      .addColumn('previous_hash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('probe')
      .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
      .addColumn('time', 'bigint', (column) => column.notNull())
      .execute()
  },
}

const onBehalfOf: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('audit_entry').addColumn('on_behalf_of', 'text').execute()
  },
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
    // What a key signed last is asked for by its kid.
    await db.schema.createIndex('audit_entry_kid').on('audit_entry').columns(['kid', 'time']).execute()
  },
}

const migrations = { '001-audit': audit, '002-on-behalf-of': onBehalfOf, '003-keys': keys }

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) }

/** Brings the tables to the shape that this version needs; what is there stays. */
export async function migrate(db: Database): Promise<void> {
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
