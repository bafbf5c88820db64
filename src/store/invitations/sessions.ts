import { sql, type Transaction } from 'kysely'
import { MAX_SESSIONS_OF_BROWSER } from '../../contract/invitation.ts'
import type { BrowserSession, SessionKey } from '../../service/invitations/ports.ts'
import type { Database, Tables } from '../database/schema.ts'
import { toInvitation } from './row.ts'

/** Finds sessions with their invitations. @param query selects from `browser_session` */
async function findSessions(
  db: Database,
  by: 'session_hash' | 'invitation',
  value: string,
  order: 'asc' | 'desc',
): Promise<BrowserSession[]> {
  const sessions = await db
    .selectFrom('browser_session')
    .selectAll()
    .where(by, '=', value)
    .orderBy('bound_at', order)
    .orderBy('consultation')
    .execute()
  const ids = sessions.flatMap(({ invitation }) => invitation ?? [])
  const rows = ids.length === 0 ? [] : await db.selectFrom('invitation').selectAll().where('id', 'in', ids).execute()
  const invitations = new Map(rows.map((row) => [row.id, toInvitation(row)]))
  return sessions.map((session) => {
    const invitation = session.invitation === null ? undefined : invitations.get(session.invitation)
    return {
      sessionHash: session.session_hash,
      consultationId: session.consultation,
      callerId: session.caller,
      userId: session.user_id,
      role: session.role,
      boundAt: session.bound_at,
      ...(invitation === undefined ? {} : { invitation }),
    }
  })
}

/** @returns the sessions of a browser, the latest first */
export const findSessionsOfBrowser = (db: Database, sessionHash: string): Promise<BrowserSession[]> =>
  findSessions(db, 'session_hash', sessionHash, 'desc')

/** @returns the sessions of an invitation whose user has not entered, the earliest first */
export async function findMovableSessions(db: Database, invitationId: string): Promise<BrowserSession[]> {
  const sessions = await findSessions(db, 'invitation', invitationId, 'asc')
  if (sessions.length === 0) return []
  const entered = await db
    .selectFrom('participant')
    .select(['consultation', 'user_id'])
    .where('consultation', 'in', [...new Set(sessions.map(({ consultationId }) => consultationId))])
    .where('entered_at', 'is not', null)
    .execute()
  return sessions.filter(
    ({ consultationId, userId }) =>
      !entered.some((each) => each.consultation === consultationId && each.user_id === userId),
  )
}

/** Adds a session, or renews its time; the browser then keeps its 20 last consultations. */
export async function saveSession(
  db: Database | Transaction<Tables>,
  session: Omit<BrowserSession, 'invitation'> & { invitation?: string; codeHash?: string },
): Promise<void> {
  const { sessionHash, consultationId, callerId, userId, role, boundAt } = session
  await db
    .insertInto('browser_session')
    .values({
      session_hash: sessionHash,
      consultation: consultationId,
      caller: callerId,
      invitation: session.invitation ?? null,
      code_hash: session.codeHash ?? null,
      user_id: userId,
      role,
      bound_at: boundAt,
    })
    .onConflict((conflict) =>
      conflict.columns(['session_hash', 'consultation', 'caller']).doUpdateSet({
        code_hash: sql`excluded.code_hash`,
        user_id: sql`excluded.user_id`,
        role: sql`excluded.role`,
        bound_at: sql`excluded.bound_at`,
      }),
    )
    .execute()
  await dropExcess(db, sessionHash, boundAt)
}

/** Ends the sessions beyond the limit: first those of consultations that are over, then the oldest. */
async function dropExcess(db: Database, sessionHash: string, now: number): Promise<void> {
  const sessions = await db
    .selectFrom('browser_session')
    .innerJoin('consultation', 'consultation.id', 'browser_session.consultation')
    .select(['browser_session.consultation', 'browser_session.caller'])
    .where('session_hash', '=', sessionHash)
    .orderBy(sql`case when ended_at is null and cancelled_at is null and ends_at > ${now} then 0 else 1 end`)
    .orderBy('bound_at', 'desc')
    .execute()
  for (const { consultation, caller } of sessions.slice(MAX_SESSIONS_OF_BROWSER)) {
    await db
      .deleteFrom('browser_session')
      .where('session_hash', '=', sessionHash)
      .where('consultation', '=', consultation)
      .where('caller', '=', caller)
      .execute()
  }
}

/** Makes a session the latest of its browser. @param at epoch milliseconds */
export async function renewSession(
  db: Database,
  { sessionHash, consultationId, callerId }: SessionKey,
  at: number,
): Promise<void> {
  await db
    .updateTable('browser_session')
    .set('bound_at', at)
    .where('session_hash', '=', sessionHash)
    .where('consultation', '=', consultationId)
    .where('caller', '=', callerId)
    .execute()
}

/** @returns the end of the last consultation that a browser is bound to, in epoch milliseconds; undefined without one */
export async function findLastEnd(db: Database, sessionHash: string): Promise<number | undefined> {
  const found = await db
    .selectFrom('browser_session')
    .innerJoin('consultation', 'consultation.id', 'browser_session.consultation')
    .select(sql<number | null>`max(ends_at)`.as('last'))
    .where('session_hash', '=', sessionHash)
    .executeTakeFirstOrThrow()
  return found.last ?? undefined
}

/**
 * Ends the session of a browser whose user has not entered, under the lock on the consultation that `enter` takes.
 * @returns the number of sessions that were ended, 0 or 1
 */
export async function endSessionBeforeEntry(
  trx: Transaction<Tables>,
  { consultationId, invitationId, sessionHash }: { consultationId: string; invitationId: string; sessionHash: string },
): Promise<number> {
  const ended = await trx
    .deleteFrom('browser_session')
    .where('session_hash', '=', sessionHash)
    .where('invitation', '=', invitationId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('participant')
            .select('user_id')
            .where('participant.consultation', '=', consultationId)
            .whereRef('participant.user_id', '=', 'browser_session.user_id')
            .where('entered_at', 'is not', null),
        ),
      ),
    )
    .executeTakeFirst()
  return Number(ended.numDeletedRows)
}
