import { sql } from 'kysely'
import { MAX_LIFETIME_MINUTES } from '../contract/tokens/token.ts'
import type { KnownKey } from '../rules/key-ring.ts'
import type { KeyRegister } from '../service/keys/ports.ts'
import { translateErrors } from './database/errors.ts'
import type { Database, Tables } from './database/schema.ts'

/**
 * Opens the register of keys. It stores every key that was ever in the key ring; the audit record knows what each key
 * signed.
 */
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
          publishedSince: row.published_since ?? row.first_seen_at,
          changedAt: row.changed_at,
        }))
      }),
    save: (keys) =>
      translateErrors(async () => {
        await db
          .insertInto('key_seen')
          .values(keys.map(toRow))
          .onConflict((conflict) =>
            conflict.column('kid').doUpdateSet({
              state: sql`excluded.state`,
              published_since: sql`excluded.published_since`,
              changed_at: sql`excluded.changed_at`,
            }),
          )
          .execute()
      }),
    findSigningTimes: (kid) => translateErrors(() => findSigningTimes(db, kid)),
  }
}

/** The longest lifetime of a token, in milliseconds. */
const MAX_LIFETIME_MS = MAX_LIFETIME_MINUTES * 60_000

/**
 * Finds when a key last signed a token, and when the last of its tokens expires. For the latter, it reads only the
 * entries of the last `MAX_LIFETIME_MS` before the last signature: tokens from before expire earlier.
 */
async function findSigningTimes(db: Database, kid: string): Promise<{ lastAt: number; deadAt: number } | undefined> {
  const issued = db.selectFrom('audit_entry').where('kid', '=', kid).where('outcome', '=', 'issued')
  const last = await issued.select('time').orderBy('time', 'desc').limit(1).executeTakeFirst()
  if (last === undefined) return undefined
  const { deadAt } = await issued
    .select(sql<number>`max(time + lifetime_seconds * 1000)`.as('deadAt'))
    .where('time', '>=', last.time - MAX_LIFETIME_MS)
    .executeTakeFirstOrThrow()
  return { lastAt: last.time, deadAt }
}

const toRow = (key: KnownKey): Tables['key_seen'] => ({
  kid: key.kid,
  fingerprint: key.fingerprint,
  state: key.state,
  first_seen_at: key.firstSeenAt,
  published_since: key.publishedSince,
  changed_at: key.changedAt,
})
