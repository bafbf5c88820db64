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
import { join } from '../consultations/consultations.ts'
import { toInvitation, toRow } from './row.ts'
import type { Database, Engine, Tables } from '../database/schema.ts'

/** Keeps invitations. */
export function openInvitations(db: Database, engine: Engine): InvitationStore {
  const one = async (by: 'id' | 'code_hash', value: string) => {
    const row = await db.selectFrom('invitation').selectAll().where(by, '=', value).executeTakeFirst()
    return row === undefined ? undefined : toInvitation(row)
  }
  return {
    add: (invitation, codeHash, invitee, most) =>
      translateErrors(() => add(db, engine, invitation, codeHash, invitee, most)),
    findById: (consultationId, id) =>
      translateErrors(async () => {
        const found = await one('id', id)
        return found?.consultationId === consultationId ? found : undefined
      }),
    findByCode: (codeHash) => translateErrors(() => one('code_hash', codeHash)),
    list: (consultationId) =>
      translateErrors(async () => {
        const all = db.selectFrom('invitation').selectAll().where('consultation', '=', consultationId)
        return (await all.orderBy('created_at').orderBy('id').execute()).map(toInvitation)
      }),
    findSession: (sessionHash) => translateErrors(() => findSession(db, sessionHash)),
    use: (invitation, use) => translateErrors(() => markUse(db, engine, invitation, use)),
    revoke: (id, at) => translateErrors(() => revoke(db, id, at)),
    replaceCode: (id, codeHash, now) =>
      translateErrors(async () => {
        const asked = db.updateTable('invitation').set('code_hash', codeHash).where('id', '=', id)
        const updated = await asked.where(findUsable(now)).executeTakeFirst()
        return updated.numUpdatedRows > 0n
      }),
  }
}

/** Whether a new browser may use an invitation. */
const findUsable = (now: number) =>
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

/** Keeps others from changing a consultation until the transaction ends. @returns false where it was closed */
async function lockOpenConsultation(trx: Trx, engine: Engine, id: string): Promise<boolean> {
  const asked = trx.selectFrom('consultation').select(['ended_at', 'cancelled_at']).where('id', '=', id)
  const found = await (engine === 'postgres' ? asked.forUpdate() : asked).executeTakeFirst()
  return found?.ended_at === null && found.cancelled_at === null
}

/** Adds somebody; the version grows, so that nobody removes this person by a list from before. */
async function addParticipant(trx: Trx, id: string, participant: Participant): Promise<void> {
  if (await join(trx, id, participant)) await bumpVersion(trx, id)
}

const bumpVersion = (trx: Trx, id: string) =>
  trx
    .updateTable('consultation')
    .set({ version: sql`version + 1` })
    .where('id', '=', id)
    .execute()

/** How many take part beside somebody. */
async function others(trx: Trx, id: string, { userId }: Participant): Promise<number> {
  const counted = trx.selectFrom('participant').select(sql<number>`count(*)`.as('there'))
  const { there } = await counted
    .where('consultation', '=', id)
    .where('user_id', '!=', userId)
    .executeTakeFirstOrThrow()
  return there
}

function add(
  db: Database,
  engine: Engine,
  invitation: Invitation,
  codeHash: string,
  invitee: Participant | undefined,
  most: InvitationLimits,
) {
  const { consultationId, createdAt } = invitation
  return db.transaction().execute(async (trx) => {
    if (!(await lockOpenConsultation(trx, engine, consultationId))) return 'closed'
    const { all, live } = await trx
      .selectFrom('invitation')
      .select([
        sql<number>`count(*)`.as('all'),
        sql<number>`coalesce(sum(case when ${findUsable(createdAt)} then 1 else 0 end), 0)`.as('live'),
      ])
      .where('consultation', '=', consultationId)
      .executeTakeFirstOrThrow()
    if (all >= most.all || live >= most.live) return 'too-many'
    if (invitee !== undefined && (await others(trx, consultationId, invitee)) >= most.participants) return 'full'
    await trx.insertInto('invitation').values(toRow(invitation, codeHash)).execute()
    if (invitee !== undefined) await addParticipant(trx, consultationId, invitee)
    return 'added'
  })
}

/** Ends a transaction without its effect. */
class RollbackError extends Error {
  readonly because: 'closed' | 'full'

  constructor(because: RollbackError['because']) {
    super(because)
    this.because = because
  }
}

/** The use comes first: of all who come at once, those who are too late wait for nothing else. */
function markUse(db: Database, engine: Engine, { id, consultationId }: Invitation, use: InvitationUse) {
  const { codeHash, sessionHash, userId, at, joins } = use
  return db
    .transaction()
    .execute(async (trx): Promise<'used' | 'dead'> => {
      const marked = await trx
        .updateTable('invitation')
        .set({ used: sql`used + 1` })
        .where('id', '=', id)
        .where('code_hash', '=', codeHash)
        .where(findUsable(at))
        .executeTakeFirst()
      if (marked.numUpdatedRows === 0n) return 'dead'
      if (!(await lockOpenConsultation(trx, engine, consultationId))) throw new RollbackError('closed')
      const values = { session_hash: sessionHash, invitation: id, code_hash: codeHash, user_id: userId, created_at: at }
      await trx.insertInto('invitation_session').values(values).execute()
      if (joins === undefined) return 'used'
      if ((await others(trx, consultationId, joins.participant)) >= joins.most) throw new RollbackError('full')
      await addParticipant(trx, consultationId, joins.participant)
      return 'used'
    })
    .catch((error: unknown) => {
      if (error instanceof RollbackError) return error.because
      throw error
    })
}

/** Whoever came by it takes part anew, with a version of its own, so that no list from before brings back the time before. */
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
      // Tokens tell the second alone.
      .set('since', (Math.floor(at / 1000) + 1) * 1000)
      .where('consultation', '=', consultation)
      .where('user_id', 'in', (of) =>
        of.selectFrom('invitation_session').select('user_id').where('invitation', '=', id),
      )
      .execute()
  })
}
