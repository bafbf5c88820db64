import { sql } from 'kysely'
import { MAX_LIFETIME_MINUTES } from '../contract/tokens/token.ts'
import type { KnownKey } from '../rules/key-ring.ts'
import type { KeyRegister } from '../service/keys/ports.ts'
import { translateErrors } from './database/errors.ts'
import type { Database, Tables } from './database/schema.ts'

/** Knows every key that was ever seen, and what it signed. */
export function openKeyRegister(db: Database): KeyRegister {
  return {
    list: () =>
      translateErrors(async () => {
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
      translateErrors(async () => {
        await db
          .insertInto('key_seen')
          .values(keys.map(toRow))
          .onConflict((conflict) =>
            conflict.column('kid').doUpdateSet({ state: sql`excluded.state`, changed_at: sql`excluded.changed_at` }),
          )
          .execute()
      }),
    findSigningTimes: (kid) => translateErrors(() => findSigned(db, kid)),
  }
}

/** No token lives longer, in milliseconds: what is older has died before. */
const LONGEST_LIFE_MS = MAX_LIFETIME_MINUTES * 60_000

/** Reads the last day of a key alone, however much it signed before. */
async function findSigned(db: Database, kid: string): Promise<{ lastAt: number; deadAt: number } | undefined> {
  const issued = db.selectFrom('audit_entry').where('kid', '=', kid).where('outcome', '=', 'issued')
  const last = await issued.select('time').orderBy('time', 'desc').limit(1).executeTakeFirst()
  if (last === undefined) return undefined
  const { deadAt } = await issued
    .select(sql<number>`max(time + lifetime_seconds * 1000)`.as('deadAt'))
    .where('time', '>=', last.time - LONGEST_LIFE_MS)
    .executeTakeFirstOrThrow()
  return { lastAt: last.time, deadAt }
}

const toRow = (key: KnownKey): Tables['key_seen'] => ({
  kid: key.kid,
  fingerprint: key.fingerprint,
  state: key.state,
  first_seen_at: key.firstSeenAt,
  changed_at: key.changedAt,
})
