import { sql, type Transaction } from 'kysely'
import type {
  Invitation,
  InvitationStore,
  InvitationLimits,
  Participant,
  InvitationSession,
  InvitationUse,
} from '../../service/invitations/ports.ts'
import { translateErrors } from '../database/errors.ts'
import { appendParticipant } from '../consultations/consultations.ts'
import { toInvitation, toRow } from './row.ts'
import type { Database, Engine, Tables } from '../database/schema.ts'

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

/** Builds the SQL condition that a new browser may use an invitation. @param now epoch milliseconds */
const isUsable = (now: number) =>
  sql<boolean>`used < uses and revoked_at is null and (expires_at is null or expires_at > ${now})`

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

type Trx = Transaction<Tables>

/**
 * Locks a consultation until the transaction ends. SQLite needs no row lock, because a transaction locks the database.
 * @returns false if the consultation was ended or cancelled
 */
async function lockOpenConsultation(trx: Trx, engine: Engine, id: string): Promise<boolean> {
  const query = trx.selectFrom('consultation').select(['ended_at', 'cancelled_at']).where('id', '=', id)
  const found = await (engine === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
  return found?.ended_at === null && found.cancelled_at === null
}

/**
 * Adds a participant unless the user is one already. The version of the consultation increases, so that a `replace`
 * with an older list fails instead of removing the participant.
 */
async function addParticipant(trx: Trx, id: string, participant: Participant): Promise<void> {
  if (await appendParticipant(trx, id, participant)) await bumpVersion(trx, id)
}

const bumpVersion = (trx: Trx, id: string) =>
  trx
    .updateTable('consultation')
    .set({ version: sql`version + 1` })
    .where('id', '=', id)
    .execute()

/** Counts the participants other than this one. */
async function countOthers(trx: Trx, id: string, { userId }: Participant): Promise<number> {
  const query = trx.selectFrom('participant').select(sql<number>`count(*)`.as('count'))
  const { count } = await query.where('consultation', '=', id).where('user_id', '!=', userId).executeTakeFirstOrThrow()
  return count
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

/** Rolls back the transaction that throws it. */
class RollbackError extends Error {
  readonly outcome: 'closed' | 'full'

  constructor(outcome: RollbackError['outcome']) {
    super(outcome)
    this.outcome = outcome
  }
}

/**
 * Counts a use, then adds the session and the participant. The use is counted first, so that concurrent requests for
 * a used-up invitation do not wait for the lock on the consultation.
 */
function recordUse(db: Database, engine: Engine, { id, consultationId }: Invitation, use: InvitationUse) {
  const { codeHash, sessionHash, userId, at, joins } = use
  return db
    .transaction()
    .execute(async (trx): Promise<'used' | 'dead'> => {
      const marked = await trx
        .updateTable('invitation')
        .set({ used: sql`used + 1` })
        .where('id', '=', id)
        .where('code_hash', '=', codeHash)
        .where(isUsable(at))
        .executeTakeFirst()
      if (marked.numUpdatedRows === 0n) return 'dead'
      if (!(await lockOpenConsultation(trx, engine, consultationId))) throw new RollbackError('closed')
      const values = { session_hash: sessionHash, invitation: id, code_hash: codeHash, user_id: userId, created_at: at }
      await trx.insertInto('invitation_session').values(values).execute()
      if (joins === undefined) return 'used'
      if ((await countOthers(trx, consultationId, joins.participant)) >= joins.most) throw new RollbackError('full')
      await addParticipant(trx, consultationId, joins.participant)
      return 'used'
    })
    .catch((error: unknown) => {
      if (error instanceof RollbackError) return error.outcome
      throw error
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
