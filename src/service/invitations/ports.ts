import type { IdempotentAnswer } from '../consultations/ports.ts'
import type { Participant } from '../../rules/consultations/consultation.ts'
import type { Invitation } from '../../rules/invitations/invitation.ts'

export type { Invitation, Participant }

/** A browser's access to one consultation, by an invitation or by signing in. */
export type BrowserSession = {
  /** The hex SHA-256 of the cookie. */
  sessionHash: string
  consultationId: string
  /** `invitation:<id>`, or the issuer of a signed-in user. */
  callerId: string
  userId: string
  role: string
  /** When the browser was bound, in epoch milliseconds. */
  boundAt: number
  /** The invitation that the browser used. */
  invitation?: Invitation
}

/** The properties that identify a session. */
export type SessionKey = Pick<BrowserSession, 'sessionHash' | 'consultationId' | 'callerId'>

/** One use of an invitation. Hashes are SHA-256 in hex; `at` is epoch milliseconds. */
export type InvitationUse = {
  codeHash: string
  sessionHash: string
  userId: string
  at: number
  /** The hash of the session that ends with this use, which then is not counted: the person changes the browser. */
  endsSession?: string
  /**
   * A new participant to add, and the most participants that the consultation may have. With `waiting`, also the most guests
   * of the invitation who were neither admitted nor have entered, without those who were last seen before `seenSince`, in
   * epoch milliseconds.
   */
  joins?: { participant: Participant; most: number; waiting?: { most: number; seenSince: number } }
}

/** Limits of a consultation: usable invitations, all invitations, and participants. */
type InvitationLimits = { live: number; all: number; participants: number }

/** What is added with an invitation: the invitee as a participant, and the answer that a repeated request gets. */
export type InvitationAddition = {
  invitee: Participant | undefined
  limits: InvitationLimits
  idempotent?: IdempotentAnswer
}

/** Stores invitations; of codes and cookies only the hashes. Each method throws ServiceFault `record-unavailable`. */
export type InvitationStore = {
  /**
   * Adds an invitation, and adds the invitee to the participants of the consultation unless the invitee is one already.
   * @returns `too-many` if a limit of invitations is reached, `closed` if the consultation was ended or cancelled, `full` if
   *   it has no room for another participant, `answered` if the idempotency key has an answer already
   */
  add(
    invitation: Invitation,
    codeHash: string,
    addition: InvitationAddition,
  ): Promise<'added' | 'too-many' | 'closed' | 'full' | 'answered'>
  findById(consultationId: string, id: string): Promise<Invitation | undefined>
  /** Finds the invitation that has a code or had it before. `isCurrent` is false if a newer code replaced it. */
  findByCode(codeHash: string): Promise<{ invitation: Invitation; isCurrent: boolean } | undefined>
  /** @returns the invitations of a consultation, in the order of their creation */
  list(consultationId: string): Promise<Invitation[]>
  /** @returns the sessions of a browser, the latest first */
  findSessions(sessionHash: string): Promise<BrowserSession[]>
  /** @returns the sessions of an invitation whose user has not entered, the earliest first */
  findMovableSessions(invitationId: string): Promise<BrowserSession[]>
  /** Adds the session of a signed-in user, or renews its time. */
  bindUser(session: Omit<BrowserSession, 'invitation'>): Promise<void>
  /** Makes a session the latest of its browser. @param at epoch milliseconds */
  renewSession(session: SessionKey, at: number): Promise<void>
  /** @returns the end of the last consultation that a browser is bound to, in epoch milliseconds; undefined without one */
  findLastEnd(sessionHash: string): Promise<number | undefined>
  /**
   * Counts a use atomically, so that concurrent requests cannot exceed the uses of the invitation; or, with `endsSession`,
   * ends that session, if its user has not entered. Adds the session and the participant with it.
   * @returns `dead` if the code cannot be used any more or the session cannot be ended, `closed` if the consultation was ended or cancelled, `full` if it
   *   has no room for another participant, `too-many-waiting` if the most guests of the invitation wait
   */
  use(invitation: Invitation, use: InvitationUse): Promise<'used' | 'dead' | 'closed' | 'full' | 'too-many-waiting'>
  /**
   * Revokes an invitation and its sessions, and ends the renewal of tokens that its users got before. A second call changes
   * nothing.
   * @param at epoch milliseconds
   */
  revoke(id: string, at: number): Promise<void>
  /** Replaces the code of an invitation. @returns false if the invitation is used up, expired or revoked */
  replaceCode(id: string, codeHash: string, now: number): Promise<boolean>
}
