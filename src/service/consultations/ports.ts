import type { ConsultationState } from '../../contract/consultations/consultation-answer.ts'
import type { Consultation, Participant } from '../../rules/consultations/consultation.ts'

export type { Consultation, Participant }

/** A question for consultations, ready for the store. */
export type ConsultationSearch = {
  /** Those that end later, and those that begin earlier, in epoch milliseconds. */
  from?: number
  to?: number
  participant?: string
  externalId?: string
  state?: ConsultationState
  /** Epoch milliseconds; what ended before `closedBy` is over. */
  closedBy: number
  after?: { startsAt: number; id: string }
  limit: number
}

/** What a participant reached. */
export type ParticipantProgress = Pick<Participant, 'waitingSince' | 'admittedAt'>

/** The answer to a request that may come twice. */
export type IdempotentAnswer = { caller: string; key: string; fingerprint: string; answer: string }

/** Keeps consultations. Throws ServiceFault `record-unavailable`. */
export type ConsultationStore = {
  /** @returns `room-taken` where another has the room, `answered` where the idempotent answer is there already */
  add(consultation: Consultation, idempotent?: IdempotentAnswer): Promise<'added' | 'room-taken' | 'answered'>
  findAnswer(caller: string, key: string): Promise<Pick<IdempotentAnswer, 'fingerprint' | 'answer'> | undefined>
  findById(id: string): Promise<Consultation | undefined>
  findByRoom(room: string): Promise<Consultation | undefined>
  /** In the order of their beginning. */
  search(search: ConsultationSearch): Promise<Consultation[]>
  /**
   * Puts a version in the place of the one before it; what participants reached stays as it stands in the store.
   * @returns false where another version is there
   */
  replace(consultation: Consultation): Promise<boolean>
  /**
   * Notes what a participant reached, each thing once: what is there stays, and who takes part anew since reached nothing.
   * @returns false where nothing was to note
   */
  recordProgress(
    id: string,
    participant: Pick<Participant, 'userId' | 'since'>,
    reached: ParticipantProgress,
  ): Promise<boolean>
  /**
   * Notes that a participant enters, unless as many others as may have entered, or the consultation was closed, or the
   * participant removed meanwhile.
   * @param at epoch milliseconds
   */
  enter(id: string, participant: Participant, via: string, at: number): Promise<boolean>
  /** Ids of some of those that ended before a time, in epoch milliseconds. */
  findEndedBefore(time: number): Promise<string[]>
  /** Removes consultations, and all that belongs to them. */
  delete(ids: readonly string[]): Promise<void>
  /** Removes idempotent answers from before a time. */
  deleteAnswers(before: number): Promise<void>
}

/** Tells every instance that something of a consultation changed. It carries an id alone. */
export type ChangeBus = {
  /** Tells all instances, this one too; what a missed ring would have told is told by the next one, or after a reconnect. Never throws. */
  publish(consultationId: string): void
  /**
   * @param heard called after each ring of this id, and after each time when rings may have been missed
   * @returns stops listening
   */
  subscribe(consultationId: string, heard: () => void): () => void
}

/** Removes people from running meetings, where the deployment lets us. */
export type Conferences = {
  /** Bans a user, or one token, from logging in again. Throws ServiceFault `conference-unavailable`. */
  banUser(userId: string): Promise<void>
  /** Ends the running meeting of a room for everybody. Throws the same. */
  destroy(room: string): Promise<void>
  /** Kicks one participant, by Jitsi's participant id (first 8 characters of the JID; known from webhooks or the page). Throws the same. */
  kick(room: string, participantId: string): Promise<void>
}
