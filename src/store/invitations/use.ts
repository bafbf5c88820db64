import { sql, type Transaction } from 'kysely'
import type { Invitation, InvitationUse } from '../../service/invitations/ports.ts'
import type { Database, Engine, Tables } from '../database/schema.ts'
import { callerOfInvitation } from '../../rules/invitations/invitation.ts'
import { addParticipant, countOthers, countWaiting, isUsable, lockOpenConsultation } from './joining.ts'
import { endSessionBeforeEntry, saveSession } from './sessions.ts'

/** Rolls back the transaction that throws it. */
class RollbackError extends Error {
  readonly outcome: 'closed' | 'full' | 'too-many-waiting'

  constructor(outcome: RollbackError['outcome']) {
    super(outcome)
    this.outcome = outcome
  }
}

/**
 * Counts a use, or ends another session instead, then adds the session and the participant. The use is counted first, so
 * that concurrent requests for a used-up invitation do not wait for the lock on the consultation.
 */
export function recordUse(db: Database, engine: Engine, invitation: Invitation, use: InvitationUse) {
  const { id, consultationId, role } = invitation
  const { codeHash, sessionHash, userId, at, joins, endsSession } = use
  return db
    .transaction()
    .execute(async (trx): Promise<'used' | 'dead'> => {
      if (endsSession === undefined && !(await countUse(trx, id, codeHash, at))) return 'dead'
      if (!(await lockOpenConsultation(trx, engine, consultationId))) throw new RollbackError('closed')
      if (endsSession !== undefined) {
        const ended = await endSessionBeforeEntry(trx, { consultationId, invitationId: id, sessionHash: endsSession })
        if (ended === 0) return 'dead'
      }
      if (joins !== undefined) await join(trx, invitation, joins)
      const session = { sessionHash, consultationId, userId, role, boundAt: at, codeHash, invitation: id }
      await saveSession(trx, { ...session, callerId: callerOfInvitation(invitation).id })
      return 'used'
    })
    .catch((error: unknown) => {
      if (error instanceof RollbackError) return error.outcome
      throw error
    })
}

/** @returns whether the invitation could be used */
async function countUse(trx: Transaction<Tables>, id: string, codeHash: string, at: number): Promise<boolean> {
  const marked = await trx
    .updateTable('invitation')
    .set({ used: sql`used + 1` })
    .where('id', '=', id)
    .where('code_hash', '=', codeHash)
    .where(isUsable(at))
    .executeTakeFirst()
  return marked.numUpdatedRows > 0n
}

/** Adds a guest. @throws RollbackError if there is no room for another participant, or for another one who waits */
async function join(
  trx: Transaction<Tables>,
  invitation: Invitation,
  { participant, most, waiting }: NonNullable<InvitationUse['joins']>,
): Promise<void> {
  const { consultationId } = invitation
  if ((await countOthers(trx, consultationId, participant)) >= most) throw new RollbackError('full')
  if (waiting !== undefined && (await countWaiting(trx, invitation, waiting.seenSince)) >= waiting.most) {
    throw new RollbackError('too-many-waiting')
  }
  await addParticipant(trx, consultationId, participant)
}
