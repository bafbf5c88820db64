import { type Selectable, sql } from 'kysely'
import type { Revocation, RevocationStore } from '../service/revocations/ports.ts'
import { translateErrors } from './database/errors.ts'
import type { Database, Tables } from './database/schema.ts'

/** Opens the store of the revocations in force. */
export function openRevocations(db: Database): RevocationStore {
  const selectAll = () => db.selectFrom('revocation').selectAll()
  return {
    add: (revocation) =>
      translateErrors(async () => void (await db.insertInto('revocation').values(toRow(revocation)).execute())),
    remove: (id) =>
      translateErrors(async () => void (await db.deleteFrom('revocation').where('id', '=', id).execute())),
    findById: (id) =>
      translateErrors(async () => {
        const row = await selectAll().where('id', '=', id).executeTakeFirst()
        return row === undefined ? undefined : toRevocation(row)
      }),
    list: () => translateErrors(async () => (await selectAll().execute()).map(toRevocation)),
    findMatching: ({ room, userId }) =>
      translateErrors(async () => {
        const rows = await selectAll()
          .where((eb) => eb.or([eb('user_id', '=', userId), eb('user_id', 'is', null)]))
          .where((eb) => eb.or([eb('room', '=', room), eb('room', 'is', null)]))
          .execute()
        return rows.map(toRevocation)
      }),
    listPage: ({ limit, after }) =>
      translateErrors(async () => {
        let query = selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit)
        if (after !== undefined) query = query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id})`)
        return (await query.execute()).map(toRevocation)
      }),
  }
}

type Row = Selectable<Tables['revocation']>

const toRow = ({ id, consultation, userId, issuedBefore, createdAt, createdBy }: Revocation): Row => ({
  id,
  consultation: consultation?.id ?? null,
  room: consultation?.room ?? null,
  user_id: userId ?? null,
  issued_before: issuedBefore ?? null,
  created_at: createdAt,
  created_by: createdBy,
})

const toRevocation = ({ id, consultation, room, user_id, issued_before, created_at, created_by }: Row): Revocation => ({
  id,
  ...(consultation === null || room === null ? {} : { consultation: { id: consultation, room } }),
  ...(user_id === null ? {} : { userId: user_id }),
  ...(issued_before === null ? {} : { issuedBefore: issued_before }),
  createdAt: created_at,
  createdBy: created_by,
})
