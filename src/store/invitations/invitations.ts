import { sql } from 'kysely'
import type { Invitation, InvitationAddition, InvitationStore } from '../../service/invitations/ports.ts'
import { saveAnswer } from '../consultations/answers.ts'
import { translateErrors } from '../database/errors.ts'
import { addParticipant, bumpVersion, countOthers, isUsable, lockOpenConsultation } from './joining.ts'
import { toInvitation, toRow } from './row.ts'
import { findLastEnd, findMovableSessions, findSessionsOfBrowser, renewSession, saveSession } from './sessions.ts'
import { recordUse } from './use.ts'
import type { Database, Engine } from '../database/schema.ts'

/** Opens the store of invitations. */
export function openInvitations(db: Database, engine: Engine): InvitationStore {
  return {
    add: (invitation, codeHash, addition) => translateErrors(() => add(db, engine, invitation, codeHash, addition)),
    findById: (consultationId, id) =>
      translateErrors(async () => {
        const query = db.selectFrom('invitation').selectAll().where('id', '=', id)
        const row = await query.where('consultation', '=', consultationId).executeTakeFirst()
        return row === undefined ? undefined : toInvitation(row)
      }),
    findByCode: (codeHash) => translateErrors(() => findByCode(db, codeHash)),
    list: (consultationId) =>
      translateErrors(async () => {
        const all = db.selectFrom('invitation').selectAll().where('consultation', '=', consultationId)
        return (await all.orderBy('created_at').orderBy('id').execute()).map(toInvitation)
      }),
    findSessions: (sessionHash) => translateErrors(() => findSessionsOfBrowser(db, sessionHash)),
    findMovableSessions: (id) => translateErrors(() => findMovableSessions(db, id)),
    bindUser: (session) => translateErrors(() => saveSession(db, session)),
    renewSession: (session, at) => translateErrors(() => renewSession(db, session, at)),
    findLastEnd: (sessionHash) => translateErrors(() => findLastEnd(db, sessionHash)),
    use: (invitation, use) => translateErrors(() => recordUse(db, engine, invitation, use)),
    revoke: (id, at) => translateErrors(() => revoke(db, id, at)),
    replaceCode: (id, codeHash, now) => translateErrors(() => replaceCode(db, id, codeHash, now)),
  }
}

/** Finds the invitation that has a code, or had it before. */
async function findByCode(db: Database, codeHash: string) {
  const row = await db.selectFrom('invitation').selectAll().where('code_hash', '=', codeHash).executeTakeFirst()
  if (row !== undefined) return { invitation: toInvitation(row), isCurrent: true }
  const former = await db
    .selectFrom('former_code')
    .innerJoin('invitation', 'invitation.id', 'former_code.invitation')
    .selectAll('invitation')
    .where('former_code.code_hash', '=', codeHash)
    .executeTakeFirst()
  return former === undefined ? undefined : { invitation: toInvitation(former), isCurrent: false }
}

/** Replaces the code of an invitation that can be used, and keeps the former one. */
const replaceCode = (db: Database, id: string, codeHash: string, now: number): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const query = trx.selectFrom('invitation').select('code_hash').where('id', '=', id).where(isUsable(now))
    const former = await query.executeTakeFirst()
    if (former === undefined) return false
    const update = trx.updateTable('invitation').set('code_hash', codeHash).where('id', '=', id)
    const { numUpdatedRows } = await update
      .where('code_hash', '=', former.code_hash)
      .where(isUsable(now))
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await trx.insertInto('former_code').values({ code_hash: former.code_hash, invitation: id }).execute()
    return true
  })

function add(
  db: Database,
  engine: Engine,
  invitation: Invitation,
  codeHash: string,
  { invitee, limits, idempotent }: InvitationAddition,
) {
  const { consultationId, createdAt } = invitation
  return db.transaction().execute(async (trx) => {
    if (!(await lockOpenConsultation(trx, engine, consultationId))) return 'closed'
    const { all, live } = await trx
      .selectFrom('invitation')
      .select([
        sql<number>`count(*)`.as('all'),
        sql<number>`coalesce(sum(case when ${isUsable(createdAt)} then 1 else 0 end), 0)`.as('live'),
      ])
      .where('consultation', '=', consultationId)
      .executeTakeFirstOrThrow()
    if (all >= limits.all || live >= limits.live) return 'too-many'
    if (invitee !== undefined && (await countOthers(trx, consultationId, invitee)) >= limits.participants) return 'full'
    if (idempotent !== undefined && !(await saveAnswer(trx, idempotent, createdAt))) return 'answered'
    await trx.insertInto('invitation').values(toRow(invitation, codeHash)).execute()
    if (invitee !== undefined) await addParticipant(trx, consultationId, invitee)
    return 'added'
  })
}

/**
 * Revokes an invitation. Its users become new participants (`since` changes), so that earlier tokens are not renewed.
 * The version of the consultation increases, so that a `replace` with an older list fails instead of restoring the
 * old `since`.
 */
function revoke(db: Database, id: string, at: number): Promise<void> {
  return db.transaction().execute(async (trx) => {
    const revoked = await trx
      .updateTable('invitation')
      .set('revoked_at', at)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning(['consultation', 'used'])
      .executeTakeFirst()
    if (revoked === undefined || revoked.used === 0) return
    const { consultation } = revoked
    await bumpVersion(trx, consultation)
    await trx
      .updateTable('participant')
      // The next full second, because `iat` of a token has no milliseconds.
      .set('since', (Math.floor(at / 1000) + 1) * 1000)
      .where('consultation', '=', consultation)
      .where('user_id', 'in', (eb) => eb.selectFrom('browser_session').select('user_id').where('invitation', '=', id))
      .execute()
  })
}
