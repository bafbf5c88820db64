import type { ConsultationStore } from './ports.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { RetentionActor } from '../audit/retain.ts'

export type DeleteConsultationsDeps = {
  consultations: Pick<ConsultationStore, 'findEndedBefore' | 'delete'>
  ledger: Ledger
  clock: Clock
  /** Waits between two batches, so that other work gets at the database. */
  pause: () => Promise<void>
}

/**
 * Deletes consultations that ended before a time, with the names of their participants, their invitations and revocations.
 * It records the action before the first deletion. The audit entries about a consultation have a retention of their own.
 * @param before epoch milliseconds
 * @returns how many consultations it deleted
 * @throws ServiceFault `record-unavailable`
 */
export async function deleteConsultations(
  { consultations, ledger, clock, pause }: DeleteConsultationsDeps,
  before: number,
  actor: RetentionActor,
): Promise<number> {
  let count = 0
  for (;;) {
    const ids = await consultations.findEndedBefore(before)
    if (ids.length === 0) return count
    if (count === 0) await ledger.append({ ...actor, time: clock(), action: 'consultation.forget', outcome: 'done' })
    await consultations.delete(ids)
    count += ids.length
    await pause()
  }
}
