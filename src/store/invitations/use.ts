import { sql, type Transaction } from 'kysely'
import type { Invitation, InvitationUse } from '../../service/invitations/ports.ts'
import type { Database, Engine, Tables } from '../database/schema.ts'
import { addParticipant, countOthers, countWaiting, isUsable, lockOpenConsultation } from './joining.ts'

/** Rolls back the transaction that throws it. */
class RollbackError extends Error {
  readonly outcome: 'closed' | 'full' | 'too-many-waiting'

  constructor(outcome: RollbackError['outcome']) {
    super(outcome)
    this.outcome = outcome
  }
}

/**
 * Counts a use, then adds the session and the participant. The use is counted first, so that concurrent requests for
 * a used-up invitation do not wait for the lock on the consultation.
 */
export function recordUse(db: Database, engine: Engine, invitation: Invitation, use: InvitationUse) {
  const { id, consultationId } = invitation
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
      if (joins !== undefined) await join(trx, invitation, joins)
      const values = { session_hash: sessionHash, invitation: id, code_hash: codeHash, user_id: userId, created_at: at }
      await trx.insertInto('invitation_session').values(values).execute()
      return 'used'
    })
    .catch((error: unknown) => {
      if (error instanceof RollbackError) return error.outcome
      throw error
    })
}

/** Adds a guest. @throws RollbackError if there is no room for another participant, or for another one who waits */
async function join(
  trx: Transaction<Tables>,
  { id, consultationId }: Invitation,
  { participant, most, mostWaiting = Infinity }: NonNullable<InvitationUse['joins']>,
): Promise<void> {
  if ((await countOthers(trx, consultationId, participant)) >= most) throw new RollbackError('full')
  if (mostWaiting < Infinity && (await countWaiting(trx, consultationId, id)) >= mostWaiting) {
    throw new RollbackError('too-many-waiting')
  }
  await addParticipant(trx, consultationId, participant)
}
