import { sql } from 'kysely'
import type { KeyRegister, KnownKey } from '../service/ports.ts'
import { available } from './available.ts'
import type { Database, Tables } from './schema.ts'

/** Knows every key that was ever seen, and what it signed. */
export function openKeyRegister(db: Database): KeyRegister {
  return {
    list: () =>
      available(async () => {
        const rows = await db.selectFrom('key_seen').selectAll().orderBy('first_seen_at').orderBy('kid').execute()
        return rows.map((row) => ({
          kid: row.kid,
          fingerprint: row.fingerprint,
          state: row.state,
          firstSeenAt: row.first_seen_at,
          changedAt: row.changed_at,
        }))
      }),
    save: (keys) =>
      available(async () => {
        await db
          .insertInto('key_seen')
          .values(keys.map(rowOf))
          .onConflict((same) =>
            same.column('kid').doUpdateSet({ state: sql`excluded.state`, changed_at: sql`excluded.changed_at` }),
          )
          .execute()
      }),
    signed: (kid) =>
      available(async () => {
        const row = await db
          .selectFrom('audit_entry')
          .select([
            sql<number | null>`max(time)`.as('lastAt'),
            sql<number | null>`max(time + lifetime_seconds * 1000)`.as('deadAt'),
          ])
          .where('kid', '=', kid)
          .where('outcome', '=', 'issued')
          .executeTakeFirst()
        const { lastAt, deadAt } = row ?? { lastAt: null, deadAt: null }
        return lastAt === null || deadAt === null ? undefined : { lastAt, deadAt }
      }),
  }
}

const rowOf = (key: KnownKey): Tables['key_seen'] => ({
  kid: key.kid,
  fingerprint: key.fingerprint,
  state: key.state,
  first_seen_at: key.firstSeenAt,
  changed_at: key.changedAt,
})
