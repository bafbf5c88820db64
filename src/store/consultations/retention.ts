import type { Database } from '../database/schema.ts'

const BATCH_SIZE = 200

/**
 * Finds consultations that ended before a time.
 * @param before epoch milliseconds
 * @returns up to 200 ids, the oldest consultation first
 */
export async function findEndedBefore(db: Database, before: number): Promise<string[]> {
  const rows = await db
    .selectFrom('consultation')
    .select('id')
    // Implied by the next condition, but this one can use the index.
    .where('starts_at', '<', before)
    .where('ends_at', '<', before)
    .orderBy('starts_at')
    .orderBy('id')
    .limit(BATCH_SIZE)
    .execute()
  return rows.map(({ id }) => id)
}

/** Deletes consultations with their invitations, sessions, revocations and participants. */
export async function deleteConsultations(db: Database, ids: readonly string[]): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const invitationIds = trx.selectFrom('invitation').select('id').where('consultation', 'in', ids)
    await trx.deleteFrom('former_code').where('invitation', 'in', invitationIds).execute()
    for (const table of ['browser_session', 'invitation', 'revocation', 'participant'] as const) {
      await trx.deleteFrom(table).where('consultation', 'in', ids).execute()
    }
    await trx.deleteFrom('consultation').where('id', 'in', ids).execute()
  })
}
