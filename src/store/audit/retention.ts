import { CHECKPOINT_CHAIN } from '../../contract/audit/checkpoint.ts'
import type { Retention } from '../../service/audit/ports.ts'
import { translateErrors } from '../database/errors.ts'
import type { Database } from '../database/schema.ts'

/** The most rows that one statement deletes, so that an append does not wait long for it. */
const BATCH_SIZE = 200

/** Opens the retention of the audit record. */
export function openRetention(db: Database): Retention {
  const findNewestMarker = (chain: string) =>
    db
      .selectFrom('audit_stub')
      .select(['sequence', 'writer', 'began', 'jws'])
      .where('chain', '=', chain)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
  return {
    saveMarker: ({ chain, sequence, hash, writer, began, iat }, jws) =>
      translateErrors(async () => {
        // Two replicas may create a marker for the same entry; one marker is enough.
        await db
          .insertInto('audit_stub')
          .values({ chain, sequence, hash, writer: writer ?? null, began, time: iat * 1000, jws })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }),
    findMarker: (chain) =>
      translateErrors(async () => {
        const row = await findNewestMarker(chain)
        if (row === undefined) return undefined
        const { writer, began, jws } = row
        return { jws, began, ...(writer === null ? {} : { writer }) }
      }),
    remove: (chain) =>
      translateErrors(async () => {
        const marker = await findNewestMarker(chain)
        if (marker === undefined) return 0
        const { numDeletedRows } = await (
          chain === CHECKPOINT_CHAIN
            ? deleteOldestCheckpoints(db, marker.sequence)
            : deleteOldestEntries(db, chain, marker.sequence)
        ).executeTakeFirstOrThrow()
        return Number(numDeletedRows)
      }),
  }
}

const deleteOldestEntries = (db: Database, chain: string, upTo: number) =>
  db
    .deleteFrom('audit_entry')
    .where('chain', '=', chain)
    .where('sequence', 'in', (eb) =>
      eb
        .selectFrom('audit_entry')
        .select('sequence')
        .where('chain', '=', chain)
        .where('sequence', '<=', upTo)
        .orderBy('sequence')
        .limit(BATCH_SIZE),
    )

const deleteOldestCheckpoints = (db: Database, upTo: number) =>
  db
    .deleteFrom('audit_checkpoint')
    .where('number', 'in', (eb) =>
      eb
        .selectFrom('audit_checkpoint')
        .select('number')
        .where('number', '<=', upTo)
        .orderBy('number')
        .limit(BATCH_SIZE),
    )
