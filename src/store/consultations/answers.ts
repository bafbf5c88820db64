import type { IdempotentAnswer } from '../../service/consultations/ports.ts'
import type { Database } from '../database/schema.ts'

/**
 * Stores the answer to a request with an idempotency key.
 * @param at epoch milliseconds
 * @returns false if the caller has an answer with this key already
 */
export async function saveAnswer(db: Database, answer: IdempotentAnswer, at: number): Promise<boolean> {
  const inserted = await db
    .insertInto('idempotent_answer')
    .values({ ...answer, created_at: at })
    .onConflict((conflict) => conflict.columns(['caller', 'key']).doNothing())
    .executeTakeFirst()
  return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Finds the answer to a request with an idempotency key. */
export const findAnswer = (db: Database, caller: string, key: string) =>
  db
    .selectFrom('idempotent_answer')
    .select(['fingerprint', 'answer'])
    .where('caller', '=', caller)
    .where('key', '=', key)
    .executeTakeFirst()

/** Deletes answers that were stored before a time, in epoch milliseconds. */
export const deleteAnswers = async (db: Database, before: number): Promise<void> =>
  void (await db.deleteFrom('idempotent_answer').where('created_at', '<', before).execute())
