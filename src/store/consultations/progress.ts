import { sql } from 'kysely'
import type { Participant, ParticipantProgress } from '../../service/consultations/ports.ts'
import type { GivenNotice } from '../../rules/consultations/consultation.ts'
import type { Database } from '../database/schema.ts'

/** Stores the progress of a participant. A time that is stored already remains. */
export async function recordProgress(
  db: Database,
  id: string,
  { userId, since, name }: Pick<Participant, 'userId' | 'since' | 'name'>,
  { waitingSince, admittedAt }: ParticipantProgress,
): Promise<boolean> {
  const column = admittedAt === undefined ? 'waiting_since' : 'admitted_at'
  const updated = await db
    .updateTable('participant')
    .set({ [column]: admittedAt ?? waitingSince ?? null, name: nameOr(name) })
    .where('consultation', '=', id)
    .where('user_id', '=', userId)
    .where('since', '=', since)
    .where(column, 'is', null)
    .executeTakeFirst()
  return updated.numUpdatedRows > 0n
}

/** @returns the stored name, or this one where there is none */
export const nameOr = (name: string | undefined) => sql<string | null>`coalesce(name, ${name ?? null})`

/** Stores when a participant was last seen. @param at epoch milliseconds */
export async function markSeen(
  db: Database,
  id: string,
  { userId, since }: Pick<Participant, 'userId' | 'since'>,
  at: number,
): Promise<void> {
  await db
    .updateTable('participant')
    .set('last_seen_at', at)
    .where('consultation', '=', id)
    .where('user_id', '=', userId)
    .where('since', '=', since)
    .execute()
}

/** Stores the name of a participant who has none. */
export async function nameParticipant(
  db: Database,
  id: string,
  { userId, name }: { userId: string; name: string | undefined },
): Promise<void> {
  if (name === undefined) return
  await db
    .updateTable('participant')
    .set({ name })
    .where('consultation', '=', id)
    .where('user_id', '=', userId)
    .where('name', 'is', null)
    .execute()
}

/** Stores the notice that a moderator gave. */
export async function saveNotice(db: Database, id: string, { code, at }: GivenNotice): Promise<void> {
  await db.updateTable('consultation').set({ notice_code: code, notice_at: at }).where('id', '=', id).execute()
}

/** Stores when a participant deleted the key of the drafts; the first time remains. @param at epoch milliseconds */
export async function deleteDrafts(
  db: Database,
  id: string,
  { userId }: Pick<Participant, 'userId'>,
  at: number,
): Promise<void> {
  await db
    .updateTable('participant')
    .set('drafts_deleted_at', at)
    .where('consultation', '=', id)
    .where('user_id', '=', userId)
    .where('drafts_deleted_at', 'is', null)
    .execute()
}
