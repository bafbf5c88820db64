import type { Participant } from '../../rules/consultations/consultation.ts'
import type { Invitation } from '../../rules/invitations/invitation.ts'

export type { Invitation, Participant }

/** A browser that used an invitation. */
export type InvitationSession = {
  invitation: Invitation
  userId: string
  /** The hash of the code that the browser used. The invitation may have another code by now. */
  codeHash: string
}

/** One use of an invitation. Hashes are SHA-256 in hex; `at` is epoch milliseconds. */
export type InvitationUse = {
  codeHash: string
  sessionHash: string
  userId: string
  at: number
  /**
   * A new participant to add, and the most participants that the consultation may have. With `mostWaiting`, also the most
   * guests of the invitation who were neither admitted nor have entered.
   */
  joins?: { participant: Participant; most: number; mostWaiting?: number }
}

/** Limits of a consultation: usable invitations, all invitations, and participants. */
export type InvitationLimits = { live: number; all: number; participants: number }

/** Stores invitations; of codes and cookies only the hashes. Each method throws ServiceFault `record-unavailable`. */
export type InvitationStore = {
  /**
   * Adds an invitation, and adds the invitee to the participants of the consultation unless the invitee is one already.
   * @returns `too-many` if a limit of invitations is reached, `closed` if the consultation was ended or cancelled, `full` if
   *   it has no room for another participant
   */
  add(
    invitation: Invitation,
    codeHash: string,
    invitee: Participant | undefined,
    most: InvitationLimits,
  ): Promise<'added' | 'too-many' | 'closed' | 'full'>
  findById(consultationId: string, id: string): Promise<Invitation | undefined>
  findByCode(codeHash: string): Promise<Invitation | undefined>
  /** @returns the invitations of a consultation, in the order of their creation */
  list(consultationId: string): Promise<Invitation[]>
  findSession(sessionHash: string): Promise<InvitationSession | undefined>
  /**
   * Counts a use atomically, so that concurrent requests cannot exceed the uses of the invitation. Adds the session and the
   * participant with it.
   * @returns `dead` if the code cannot be used any more, `closed` if the consultation was ended or cancelled, `full` if it
   *   has no room for another participant, `too-many-waiting` if `mostWaiting` guests of the invitation wait
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
