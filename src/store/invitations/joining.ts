import { sql, type Transaction } from 'kysely'
import type { Invitation, Participant } from '../../service/invitations/ports.ts'
import { appendParticipant } from '../consultations/consultations.ts'
import { nameOr } from '../consultations/progress.ts'
import type { Engine, Tables } from '../database/schema.ts'

type Trx = Transaction<Tables>

/** Builds the SQL condition that a new browser may use an invitation. @param now epoch milliseconds */
export const isUsable = (now: number) =>
  sql<boolean>`used < uses and revoked_at is null and (expires_at is null or expires_at > ${now})`

/**
 * Locks a consultation until the transaction ends. SQLite needs no row lock, because a transaction locks the database.
 * @returns false if the consultation was ended or cancelled
 */
export async function lockOpenConsultation(trx: Trx, engine: Engine, id: string): Promise<boolean> {
  const query = trx.selectFrom('consultation').select(['ended_at', 'cancelled_at']).where('id', '=', id)
  const found = await (engine === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
  return found?.ended_at === null && found.cancelled_at === null
}

/**
 * Adds a participant; a user who is one already gets the name, if there is none yet. The version of the consultation increases, so that a `replace`
 * with an older list fails instead of removing the participant.
 */
export async function addParticipant(trx: Trx, id: string, participant: Participant): Promise<void> {
  if (await appendParticipant(trx, id, participant)) return void (await bumpVersion(trx, id))
  const { userId, name } = participant
  await trx
    .updateTable('participant')
    .set('name', nameOr(name))
    .where('consultation', '=', id)
    .where('user_id', '=', userId)
    .execute()
}

export const bumpVersion = (trx: Trx, id: string) =>
  trx
    .updateTable('consultation')
    .set({ version: sql`version + 1` })
    .where('id', '=', id)
    .execute()

/** Counts the participants other than this one. */
export async function countOthers(trx: Trx, id: string, { userId }: Participant): Promise<number> {
  const query = trx.selectFrom('participant').select(sql<number>`count(*)`.as('count'))
  const { count } = await query.where('consultation', '=', id).where('user_id', '!=', userId).executeTakeFirstOrThrow()
  return count
}

/**
 * Counts the participants who came with an invitation and were neither admitted nor have entered.
 * @param seenSince without those who were last seen earlier, in epoch milliseconds
 */
export async function countWaiting(
  trx: Trx,
  { consultationId, id }: Pick<Invitation, 'id' | 'consultationId'>,
  seenSince: number,
): Promise<number> {
  const { count } = await trx
    .selectFrom('participant')
    .select(sql<number>`count(*)`.as('count'))
    .where('consultation', '=', consultationId)
    .where(sql<boolean>`coalesce(last_seen_at, since) >= ${seenSince}`)
    .where('admitted_at', 'is', null)
    .where('entered_at', 'is', null)
    .where('user_id', 'in', (eb) => eb.selectFrom('browser_session').select('user_id').where('invitation', '=', id))
    .executeTakeFirstOrThrow()
  return count
}
