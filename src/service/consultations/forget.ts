import type { ConsultationStore } from './ports.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { Retaining } from '../audit/retain.ts'

/** What forgetting needs. */
export type ForgettingParts = {
  consultations: Pick<ConsultationStore, 'endedBefore' | 'forget'>
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
export async function forgetConsultations(
  { consultations, ledger, clock, pause }: ForgettingParts,
  before: number,
  by: Retaining,
): Promise<number> {
  let count = 0
  for (;;) {
    const ids = await consultations.endedBefore(before)
    if (ids.length === 0) return count
    if (count === 0) await ledger.append({ ...by, time: clock(), action: 'consultation.forget', outcome: 'done' })
    await consultations.forget(ids)
    count += ids.length
    await pause()
  }
}
