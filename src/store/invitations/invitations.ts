import { sql } from 'kysely'
import type {
  Invitation,
  InvitationStore,
  InvitationLimits,
  Participant,
  InvitationSession,
} from '../../service/invitations/ports.ts'
import { translateErrors } from '../database/errors.ts'
import { addParticipant, bumpVersion, countOthers, isUsable, lockOpenConsultation } from './joining.ts'
import { toInvitation, toRow } from './row.ts'
import { recordUse } from './use.ts'
import type { Database, Engine } from '../database/schema.ts'

/** Opens the store of invitations. */
export function openInvitations(db: Database, engine: Engine): InvitationStore {
  const findInvitation = async (by: 'id' | 'code_hash', value: string) => {
    const row = await db.selectFrom('invitation').selectAll().where(by, '=', value).executeTakeFirst()
    return row === undefined ? undefined : toInvitation(row)
  }
  return {
    add: (invitation, codeHash, invitee, limits) =>
      translateErrors(() => add(db, engine, invitation, codeHash, invitee, limits)),
    findById: (consultationId, id) =>
      translateErrors(async () => {
        const found = await findInvitation('id', id)
        return found?.consultationId === consultationId ? found : undefined
      }),
    findByCode: (codeHash) => translateErrors(() => findInvitation('code_hash', codeHash)),
    list: (consultationId) =>
      translateErrors(async () => {
        const all = db.selectFrom('invitation').selectAll().where('consultation', '=', consultationId)
        return (await all.orderBy('created_at').orderBy('id').execute()).map(toInvitation)
      }),
    findSession: (sessionHash) => translateErrors(() => findSession(db, sessionHash)),
    use: (invitation, use) => translateErrors(() => recordUse(db, engine, invitation, use)),
    revoke: (id, at) => translateErrors(() => revoke(db, id, at)),
    replaceCode: (id, codeHash, now) =>
      translateErrors(async () => {
        const query = db.updateTable('invitation').set('code_hash', codeHash).where('id', '=', id)
        const updated = await query.where(isUsable(now)).executeTakeFirst()
        return updated.numUpdatedRows > 0n
      }),
  }
}

async function findSession(db: Database, sessionHash: string): Promise<InvitationSession | undefined> {
  const row = await db
    .selectFrom('invitation_session')
    .innerJoin('invitation', 'invitation.id', 'invitation_session.invitation')
    .selectAll('invitation')
    .select(['invitation_session.user_id as session_user', 'invitation_session.code_hash as session_code'])
    .where('session_hash', '=', sessionHash)
    .executeTakeFirst()
  return row === undefined
    ? undefined
    : { invitation: toInvitation(row), userId: row.session_user, codeHash: row.session_code }
}

function add(
  db: Database,
  engine: Engine,
  invitation: Invitation,
  codeHash: string,
  invitee: Participant | undefined,
  limits: InvitationLimits,
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
      .where('user_id', 'in', (eb) =>
        eb.selectFrom('invitation_session').select('user_id').where('invitation', '=', id),
      )
      .execute()
  })
}
