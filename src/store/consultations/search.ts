import { type SelectQueryBuilder, sql } from 'kysely'
import type { Consultation, ConsultationSearch } from '../../service/consultations/ports.ts'
import { toConsultation } from './row.ts'
import type { Database, Tables } from '../database/schema.ts'

/** The consultation with an id or in a room. */
export async function findOne(db: Database, by: 'id' | 'room', value: string): Promise<Consultation | undefined> {
  const [found] = await withParticipants(db, db.selectFrom('consultation').selectAll().where(by, '=', value))
  return found
}

/**
 * The consultations of a query, which has few of them, in its order, each with its participants. One statement: of two, the
 * second could see a change that the first did not, and people would be there in a window that was never theirs.
 */
async function withParticipants(
  db: Database,
  query: SelectQueryBuilder<Tables, 'consultation', Tables['consultation']>,
) {
  const rows = await db
    .selectFrom(query.as('found'))
    .leftJoin('participant', 'participant.consultation', 'found.id')
    .selectAll()
    .orderBy('starts_at')
    .orderBy('id')
    .orderBy('position')
    .orderBy('user_id')
    .execute()
  return [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((all) =>
    all[0] === undefined ? [] : [toConsultation(all[0], all.filter(isParticipant))],
  )
}

/** A consultation without participants is joined to nulls. */
const isParticipant = <Row extends { user_id: string | null }>(row: Row): row is Row & Tables['participant'] =>
  row.user_id !== null

/** The consultations that a question is about, in the order of their beginning. */
export function search(
  db: Database,
  { from, to, participant, externalId, state, closedBy, after, limit }: ConsultationSearch,
) {
  let query = db.selectFrom('consultation').selectAll()
  if (from !== undefined) query = query.where('ends_at', '>', from)
  if (to !== undefined) query = query.where('starts_at', '<', to)
  if (externalId !== undefined) query = query.where('external_id', '=', externalId)
  if (participant !== undefined) {
    query = query.where('id', 'in', (of) =>
      of.selectFrom('participant').select('consultation').where('user_id', '=', participant),
    )
  }
  if (state === 'cancelled') query = query.where('cancelled_at', 'is not', null)
  else if (state !== undefined) query = query.where('cancelled_at', 'is', null)
  if (state === 'ended') {
    query = query.where((is) => is.or([is('ended_at', 'is not', null), is('ends_at', '<=', closedBy)]))
  } else if (state === 'open' || state === 'scheduled') {
    query = query.where('ended_at', 'is', null).where('ends_at', '>', closedBy)
    query = query.where('opened_at', state === 'open' ? 'is not' : 'is', null)
  }
  if (after !== undefined) query = query.where(sql<boolean>`(starts_at, id) > (${after.startsAt}, ${after.id})`)
  return withParticipants(db, query.orderBy('starts_at').orderBy('id').limit(limit))
}
