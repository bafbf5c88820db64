import { CHECKPOINT_CHAIN } from '../../contract/audit/checkpoint.ts'
import type { Retention } from '../../service/audit/ports.ts'
import { orUnavailable } from '../database/errors.ts'
import type { Database } from '../database/schema.ts'

/** Entries that are removed at once: few enough that an entry to be kept does not wait for them. */
const BATCH = 200

/** Removes the old end of chains. */
export function openRetention(db: Database): Retention {
  const newest = (chain: string) =>
    db
      .selectFrom('audit_stub')
      .select(['sequence', 'writer', 'began', 'jws'])
      .where('chain', '=', chain)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
  return {
    saveMarker: ({ chain, sequence, hash, writer, began, iat }, jws) =>
      orUnavailable(async () => {
        // Two replicas may come to the same end; one stub is enough.
        await db
          .insertInto('audit_stub')
          .values({ chain, sequence, hash, writer: writer ?? null, began, time: iat * 1000, jws })
          .onConflict((same) => same.doNothing())
          .execute()
      }),
    findMarker: (chain) =>
      orUnavailable(async () => {
        const row = await newest(chain)
        if (row === undefined) return undefined
        const { writer, began, jws } = row
        return { jws, began, ...(writer === null ? {} : { writer }) }
      }),
    remove: (chain) =>
      orUnavailable(async () => {
        const stub = await newest(chain)
        if (stub === undefined) return 0
        const { numDeletedRows } = await (
          chain === CHECKPOINT_CHAIN ? oldestCheckpoints(db, stub.sequence) : oldestEntries(db, chain, stub.sequence)
        ).executeTakeFirstOrThrow()
        return Number(numDeletedRows)
      }),
  }
}

const oldestEntries = (db: Database, chain: string, upTo: number) =>
  db
    .deleteFrom('audit_entry')
    .where('chain', '=', chain)
    .where('sequence', 'in', (of) =>
      of
        .selectFrom('audit_entry')
        .select('sequence')
        .where('chain', '=', chain)
        .where('sequence', '<=', upTo)
        .orderBy('sequence')
        .limit(BATCH),
    )

const oldestCheckpoints = (db: Database, upTo: number) =>
  db
    .deleteFrom('audit_checkpoint')
    .where('number', 'in', (of) =>
      of.selectFrom('audit_checkpoint').select('number').where('number', '<=', upTo).orderBy('number').limit(BATCH),
    )
