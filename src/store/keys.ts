import { sql } from 'kysely'
import { ServiceFault } from '../service/fault.ts'
import type { KeyRegister } from '../service/ports.ts'
import type { Database } from './schema.ts'

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
        const rows = keys.map((key) => ({
          kid: key.kid,
          fingerprint: key.fingerprint,
          state: key.state,
          first_seen_at: key.firstSeenAt,
          changed_at: key.changedAt,
        }))
        await db
          .insertInto('key_seen')
          .values(rows)
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
            (of) => of.fn.max('time').as('lastAt'),
            sql<number | null>`max(time + lifetime_seconds * 1000)`.as('deadAt'),
          ])
          .where('kid', '=', kid)
          .where('outcome', '=', 'issued')
          .executeTakeFirst()
        return row?.lastAt == null || row.deadAt == null ? undefined : { lastAt: row.lastAt, deadAt: row.deadAt }
      }),
  }
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new ServiceFault('record-unavailable', { cause })
  }
}
