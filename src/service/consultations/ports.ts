import type { ConsultationState } from '../../contract/consultations/consultation-answer.ts'
import type { Consultation, GivenNotice, Participant } from '../../rules/consultations/consultation.ts'
import type { ConsultationPosition } from '../../rules/consultations/query.ts'
import type { Page } from '../../rules/page.ts'

export type { Consultation, Participant }

/** A search for consultations. */
export type ConsultationSearch = Page<ConsultationPosition> & {
  /** Consultations that end after `from` and start before `to`, in epoch milliseconds. */
  from?: number
  to?: number
  participant?: string
  externalId?: string
  state?: ConsultationState
  /** Epoch milliseconds. A consultation whose `endsAt` is not later counts as ended. */
  closedBy: number
}

/** When a participant began to wait, and when the participant was admitted, in epoch milliseconds. */
export type ParticipantProgress = Pick<Participant, 'waitingSince' | 'admittedAt'>

/** The stored answer to a request with an idempotency key. */
export type IdempotentAnswer = { caller: string; key: string; fingerprint: string; answer: string }

/** Stores consultations. Each method throws ServiceFault `record-unavailable`. */
export type ConsultationStore = {
  /** @returns `room-taken` if another consultation has the room, `answered` if the idempotency key has an answer already */
  add(consultation: Consultation, idempotent?: IdempotentAnswer): Promise<'added' | 'room-taken' | 'answered'>
  findAnswer(caller: string, key: string): Promise<Pick<IdempotentAnswer, 'fingerprint' | 'answer'> | undefined>
  findById(id: string): Promise<Consultation | undefined>
  findByRoom(room: string): Promise<Consultation | undefined>
  /** @returns matching consultations, in the order of their start */
  search(search: ConsultationSearch): Promise<Consultation[]>
  /**
   * Replaces the previous version of a consultation. The stored progress of the participants remains.
   * @returns false if the stored version is not the previous one
   */
  replace(consultation: Consultation): Promise<boolean>
  /**
   * Stores the progress of a participant, and the name, if there is none yet. A time that is stored already remains; `since` must match, because a participant
   * who was removed and added again has made no progress.
   * @returns false if there was nothing to store
   */
  recordProgress(
    id: string,
    participant: Pick<Participant, 'userId' | 'since' | 'name'>,
    reached: ParticipantProgress,
  ): Promise<boolean>
  /** Stores when a participant was last seen, in epoch milliseconds. */
  markSeen(id: string, participant: Pick<Participant, 'userId' | 'since'>, at: number): Promise<void>
  /**
   * Stores that a participant enters, and the name of the participant, if there is none yet.
   * @param via the caller, issuer or invitation that requests the token
   * @param at epoch milliseconds
   * @returns false if `maxParticipants` others entered before, or if the consultation was finished or the participant removed
   *   meanwhile
   */
  enter(id: string, participant: Participant, via: string, at: number): Promise<boolean>
  /** Stores the name of a participant who has none. */
  nameParticipant(id: string, participant: { userId: string; name: string | undefined }): Promise<void>
  /** Stores the notice that a moderator gave; the version stays. */
  saveNotice(id: string, notice: GivenNotice): Promise<void>
  /** Stores when a participant deleted the key of the drafts, in epoch milliseconds. The first time remains. */
  deleteDrafts(id: string, participant: Pick<Participant, 'userId'>, at: number): Promise<void>
  /** @returns ids of a batch of consultations that ended before a time, in epoch milliseconds */
  findEndedBefore(time: number): Promise<string[]>
  /** Deletes consultations and everything that belongs to them. */
  delete(ids: readonly string[]): Promise<void>
  /** Deletes idempotent answers that were stored before a time, in epoch milliseconds. */
  deleteAnswers(before: number): Promise<void>
}

/** Notifies all instances that a consultation changed. A notification carries an id only. */
export type ChangeBus = {
  /**
   * Notifies the subscribers of an id on all instances, this one included. Never throws. A lost notification is made up for
   * by the next one, or after a reconnect.
   */
  publish(consultationId: string): void
  /**
   * @param onChange called after each notification for this id, and whenever notifications may have been lost
   * @returns a function that ends the subscription
   */
  subscribe(consultationId: string, onChange: () => void): () => void
}

/** Removes people from running meetings. Each method throws ServiceFault `conference-unavailable`. */
export type Conferences = {
  /** Bans a user from joining any meeting again. */
  banUser(userId: string): Promise<void>
  /** Ends the running meeting of a room for everybody. */
  destroy(room: string): Promise<void>
  /**
   * Kicks one occupant.
   * @param participantId the first 8 characters of the occupant's JID; webhooks and the meeting page show it
   */
  kick(room: string, participantId: string): Promise<void>
}
