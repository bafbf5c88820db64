import type { Database } from '../database/schema.ts'

const BATCH = 200

/** Ids of some of the consultations that ended before a time, the oldest first. @param before epoch milliseconds */
export async function findEndedBefore(db: Database, before: number): Promise<string[]> {
  const rows = await db
    .selectFrom('consultation')
    .select('id')
    // What ended before began before, by which the index leads there.
    .where('starts_at', '<', before)
    .where('ends_at', '<', before)
    .orderBy('starts_at')
    .orderBy('id')
    .limit(BATCH)
    .execute()
  return rows.map(({ id }) => id)
}

/** Removes consultations, and all that belongs to them. */
export async function deleteConsultations(db: Database, ids: readonly string[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const theirs = trx.selectFrom('invitation').select('id').where('consultation', 'in', ids)
    await trx.deleteFrom('invitation_session').where('invitation', 'in', theirs).execute()
    for (const table of ['invitation', 'revocation', 'participant'] as const) {
      await trx.deleteFrom(table).where('consultation', 'in', ids).execute()
    }
    await trx.deleteFrom('consultation').where('id', 'in', ids).execute()
  })
}
