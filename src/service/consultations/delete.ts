import type { ConsultationStore } from './ports.ts'
import type { Clock } from '../ports.ts'
import type { Ledger } from '../ports.ts'
import type { RetentionActor } from '../audit/retain.ts'

/** What forgetting needs. */
export type DeleteConsultationsDeps = {
  consultations: Pick<ConsultationStore, 'findEndedBefore' | 'delete'>
  ledger: Ledger
  clock: Clock
  /** Lets others have the database for a while. */
  pause: () => Promise<void>
}

/**
 * Removes consultations that ended before a time, with the names of their people, their invitations and revocations; what the
 * record says of them stays as long as the record keeps it. That it is done stands there first.
 * @param before epoch milliseconds
 * @returns how many
 * @throws ServiceFault `record-unavailable`
 */
export async function deleteConsultations(
  { consultations, ledger, clock, pause }: DeleteConsultationsDeps,
  before: number,
  by: RetentionActor,
): Promise<number> {
  let count = 0
  for (;;) {
    const ids = await consultations.findEndedBefore(before)
    if (ids.length === 0) return count
    if (count === 0) await ledger.append({ ...by, time: clock(), action: 'consultation.forget', outcome: 'done' })
    await consultations.delete(ids)
    count += ids.length
    await pause()
  }
}
