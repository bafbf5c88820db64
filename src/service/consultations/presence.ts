import { type Consultation, isWaiting, lastSeenOf, type Participant } from '../../rules/consultations/consultation.ts'
import type { Clock } from '../ports.ts'
import type { ChangeBus, ConsultationStore } from './ports.ts'

/** What decides who is there. */
export type PresenceDeps = {
  /** After how long a participant who is not seen no longer waits. */
  waitingTimeoutMs: number
}

export type RecordPresenceDeps = PresenceDeps & {
  clock: Clock
  consultations: Pick<ConsultationStore, 'markSeen'>
  changeBus: Pick<ChangeBus, 'publish'>
}

/** How often the presence of a participant is stored at most. */
const MIN_INTERVAL_MS = 5000

/**
 * Stores that a waiting participant is there; for anybody else it does nothing. Notifies those who watch the consultation if
 * the participant had left. It is not in the audit record, because it grants nothing.
 * @throws ServiceFault `record-unavailable`
 */
export async function recordPresence(
  { clock, consultations, changeBus, waitingTimeoutMs }: RecordPresenceDeps,
  { id }: Pick<Consultation, 'id'>,
  participant: Participant,
): Promise<void> {
  if (!isWaiting(participant)) return
  const now = clock()
  const unseenMs = now - lastSeenOf(participant)
  if (unseenMs < MIN_INTERVAL_MS) return
  await consultations.markSeen(id, participant, now)
  if (unseenMs > waitingTimeoutMs) changeBus.publish(id)
}
