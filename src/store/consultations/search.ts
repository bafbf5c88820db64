import { type SelectQueryBuilder, sql } from 'kysely'
import type { Consultation, ConsultationSearch } from '../../service/consultations/ports.ts'
import { toConsultation } from './row.ts'
import type { Database, Tables } from '../database/schema.ts'

/** Finds a consultation by its id or its room. */
export async function findConsultation(
  db: Database,
  by: 'id' | 'room',
  value: string,
): Promise<Consultation | undefined> {
  const [found] = await fetchWithParticipants(db, db.selectFrom('consultation').selectAll().where(by, '=', value))
  return found
}

/**
 * Runs a query for consultations, and adds the participants to each. It is one statement, because with two, the
 * participants could be newer than the consultation, and a new participant would be admitted by times that were changed
 * before.
 * @param query returns a page of consultations at most
 * @returns in the order of the start, then of the id
 */
async function fetchWithParticipants(
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
  return [...Map.groupBy(rows, ({ id }) => id).values()].flatMap((group) =>
    group[0] === undefined ? [] : [toConsultation(group[0], group.filter(isParticipant))],
  )
}

/** Whether a joined row has a participant. A consultation without participants is one row with nulls. */
const isParticipant = <Row extends { user_id: string | null }>(row: Row): row is Row & Tables['participant'] =>
  row.user_id !== null

/** Searches for consultations. @returns in the order of the start, then of the id */
export function searchConsultations(
  db: Database,
  { from, to, participant, externalId, state, closedBy, after, limit }: ConsultationSearch,
) {
  let query = db.selectFrom('consultation').selectAll()
  if (from !== undefined) query = query.where('ends_at', '>', from)
  if (to !== undefined) query = query.where('starts_at', '<', to)
  if (externalId !== undefined) query = query.where('external_id', '=', externalId)
  if (participant !== undefined) {
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('participant').select('consultation').where('user_id', '=', participant),
    )
  }
  if (state === 'cancelled') query = query.where('cancelled_at', 'is not', null)
  else if (state !== undefined) query = query.where('cancelled_at', 'is', null)
  if (state === 'ended') {
    query = query.where((eb) => eb.or([eb('ended_at', 'is not', null), eb('ends_at', '<=', closedBy)]))
  } else if (state === 'open' || state === 'scheduled') {
    query = query.where('ended_at', 'is', null).where('ends_at', '>', closedBy)
    query = query.where('opened_at', state === 'open' ? 'is not' : 'is', null)
  }
  if (after !== undefined) query = query.where(sql<boolean>`(starts_at, id) > (${after.startsAt}, ${after.id})`)
  return fetchWithParticipants(db, query.orderBy('starts_at').orderBy('id').limit(limit))
}
