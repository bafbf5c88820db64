import { sql, type Transaction } from 'kysely'
import type {
  Consultation,
  ConsultationStore,
  IdempotentAnswer,
  Participant,
} from '../../service/consultations/ports.ts'
import { deleteAnswers, findAnswer, saveAnswer } from './answers.ts'
import { translateErrors } from '../database/errors.ts'
import { findEndedBefore, deleteConsultations } from './retention.ts'
import { deleteDrafts, markSeen, nameOr, nameParticipant, recordProgress, saveNotice } from './progress.ts'
import { toParticipantRow, toRow } from './row.ts'
import { searchConsultations, findConsultation } from './search.ts'
import type { Database, Engine, Tables } from '../database/schema.ts'

/** Opens the store of consultations. */
export function openConsultations(db: Database, engine: Engine): ConsultationStore {
  return {
    add: (consultation, idempotent) => translateErrors(() => add(db, consultation, idempotent)),
    findAnswer: (caller, key) => translateErrors(() => findAnswer(db, caller, key)),
    findById: (id) => translateErrors(() => findConsultation(db, 'id', id)),
    findByRoom: (room) => translateErrors(() => findConsultation(db, 'room', room)),
    search: (query) => translateErrors(() => searchConsultations(db, query)),
    replace: (consultation) => translateErrors(() => replace(db, consultation)),
    recordProgress: (id, participant, reached) => translateErrors(() => recordProgress(db, id, participant, reached)),
    markSeen: (id, participant, at) => translateErrors(() => markSeen(db, id, participant, at)),
    enter: (id, participant, via, at) => translateErrors(() => enter(db, engine, { id, participant, via, at })),
    nameParticipant: (id, participant) => translateErrors(() => nameParticipant(db, id, participant)),
    saveNotice: (id, notice) => translateErrors(() => saveNotice(db, id, notice)),
    deleteDrafts: (id, participant, at) => translateErrors(() => deleteDrafts(db, id, participant, at)),
    findEndedBefore: (time) => translateErrors(() => findEndedBefore(db, time)),
    delete: (ids) => translateErrors(() => deleteConsultations(db, ids)),
    deleteAnswers: (before) => translateErrors(() => deleteAnswers(db, before)),
  }
}

type Trx = Transaction<Tables>

/** Rolls back the transaction that throws it. */
class RollbackError extends Error {}

function add(db: Database, consultation: Consultation, idempotent: IdempotentAnswer | undefined) {
  const insert = async (trx: Trx): Promise<'added' | 'room-taken' | 'answered'> => {
    const isNew = idempotent === undefined || (await saveAnswer(trx, idempotent, consultation.createdAt))
    if (!isNew) return 'answered'
    const inserted = await trx
      .insertInto('consultation')
      .values(toRow(consultation))
      .onConflict((conflict) => conflict.column('room').doNothing())
      .executeTakeFirst()
    if (inserted.numInsertedOrUpdatedRows === 0n) throw new RollbackError()
    await saveParticipants(trx, consultation.id, consultation.participants)
    return 'added'
  }
  return db
    .transaction()
    .execute(insert)
    .catch((error: unknown) => {
      if (error instanceof RollbackError) return 'room-taken' as const
      throw error
    })
}

/** Adds participants in their order. For a participant who is one already, only position and name change. */
const saveParticipants = (trx: Trx, id: string, participants: readonly Participant[]) =>
  trx
    .insertInto('participant')
    .values(participants.map((participant, position) => toParticipantRow(id, participant, position)))
    .onConflict((conflict) =>
      conflict.columns(['consultation', 'user_id']).doUpdateSet({
        position: sql`excluded.position`,
        name: sql`excluded.name`,
        self_named: sql`excluded.self_named`,
      }),
    )
    .execute()

/**
 * Replaces a consultation. Participants who remain keep their stored progress (waiting, admission, entry), even if it
 * was stored after the caller read the consultation.
 */
function replace(db: Database, consultation: Consultation): Promise<boolean> {
  const { id, version, participants } = consultation
  const { opened_at: _opened, notice_code: _code, notice_at: _at, ...row } = toRow(consultation)
  return db.transaction().execute(async (trx) => {
    const updated = await trx
      .updateTable('consultation')
      .set({ ...row, ...noticeAfter(row.starts_at) })
      .where('id', '=', id)
      .where('version', '=', version - 1)
      .executeTakeFirst()
    if (updated.numUpdatedRows === 0n) return false
    const stored = await trx.selectFrom('participant').selectAll().where('consultation', '=', id).execute()
    const remains = ({ user_id, role, since }: Tables['participant']) =>
      participants.some((next) => next.userId === user_id && next.role === role && next.since === since)
    const removed = stored.filter((participant) => !remains(participant)).map(({ user_id }) => user_id)
    if (removed.length > 0) {
      await trx.deleteFrom('participant').where('consultation', '=', id).where('user_id', 'in', removed).execute()
    }
    await saveParticipants(trx, id, participants)
    return true
  })
}

/** A notice remains unless the start changes. */
const noticeAfter = (startsAt: number) => ({
  notice_code: sql<string | null>`case when starts_at = ${startsAt} then notice_code end`,
  notice_at: sql<number | null>`case when starts_at = ${startsAt} then notice_at end`,
})

type Entry = { id: string; participant: Participant; via: string; at: number }

/**
 * Stores an entry. The participants who entered are counted under a lock on the consultation, so that two concurrent
 * entries cannot both get the last place.
 */
function enter(db: Database, engine: Engine, { id, participant, via, at }: Entry): Promise<boolean> {
  const { userId, since, name } = participant
  return db.transaction().execute(async (trx) => {
    const query = trx.selectFrom('consultation').select(['max_participants', 'opened_at', 'ended_at', 'cancelled_at'])
    const found = await (engine === 'postgres' ? query.forUpdate() : query).where('id', '=', id).executeTakeFirst()
    if (found === undefined || found.ended_at !== null || found.cancelled_at !== null) return false
    const entered = await trx
      .selectFrom('participant')
      .select('user_id')
      .where('consultation', '=', id)
      .where('entered_at', 'is not', null)
      .execute()
    const isNew = entered.every(({ user_id }) => user_id !== userId)
    if (isNew && entered.length >= (found.max_participants ?? Infinity)) return false
    const updated = await trx
      .updateTable('participant')
      .set({ via, name: nameOr(name), ...(isNew ? { entered_at: at } : {}) })
      .where('consultation', '=', id)
      .where('user_id', '=', userId)
      .where('since', '=', since)
      .executeTakeFirst()
    if (updated.numUpdatedRows === 0n) return false
    if (found.opened_at === null) {
      await trx.updateTable('consultation').set('opened_at', at).where('id', '=', id).execute()
    }
    return true
  })
}

/** The position of participants who are added one by one: after those of the list. */
const LAST_POSITION = 1_000_000

/** Adds a participant at the end of the list. @returns false if the user is a participant already */
export async function appendParticipant(db: Database, id: string, participant: Participant): Promise<boolean> {
  const inserted = await db
    .insertInto('participant')
    .values(toParticipantRow(id, participant, LAST_POSITION))
    .onConflict((conflict) => conflict.columns(['consultation', 'user_id']).doNothing())
    .executeTakeFirst()
  return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n
}
