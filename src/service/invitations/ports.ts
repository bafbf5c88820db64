import type { Participant } from '../../rules/consultations/consultation.ts'
import type { Invitation } from '../../rules/invitations/invitation.ts'

export type { Invitation, Participant }

/** A browser that used an invitation. */
export type InvitationSession = {
  invitation: Invitation
  userId: string
  /** Hash of the code that it used, which may not be the invitation's any more. */
  codeHash: string
}

/** One use of an invitation. Hashes are SHA-256 in hex; `at` is epoch milliseconds. */
export type InvitationUse = {
  codeHash: string
  sessionHash: string
  userId: string
  at: number
  /** Who takes part from then on, and how many may in all. */
  joins?: { participant: Participant; most: number }
}

/** How many invitations a consultation may have: that can still be used, and in all; and how many may take part. */
export type InvitationLimits = { live: number; all: number; participants: number }

/** Keeps invitations; of codes and cookies their hashes alone. Throws ServiceFault `record-unavailable`. */
export type InvitationStore = {
  /**
   * Adds an invitation, and whom it invites to those who take part, where that person does not yet.
   * @returns `too-many`, or `closed` where the consultation was ended or cancelled, meanwhile too, or `full` where nobody else
   *   may take part
   */
  add(
    invitation: Invitation,
    codeHash: string,
    invitee: Participant | undefined,
    most: InvitationLimits,
  ): Promise<'added' | 'too-many' | 'closed' | 'full'>
  findById(consultationId: string, id: string): Promise<Invitation | undefined>
  findByCode(codeHash: string): Promise<Invitation | undefined>
  /** In the order in which they were made. */
  list(consultationId: string): Promise<Invitation[]>
  findSession(sessionHash: string): Promise<InvitationSession | undefined>
  /**
   * Marks a use, exactly as often as the invitation has uses, whoever else asks; the session and the participant are there
   * from then on.
   * @returns `dead` where the code is not to be used any more, `closed` where the consultation was ended or cancelled,
   *   `full` where nobody else may take part
   */
  use(invitation: Invitation, use: InvitationUse): Promise<'used' | 'dead' | 'closed' | 'full'>
  /** Ends an invitation and its sessions, and all renewal of tokens from before, by whoever; what is revoked stays so. */
  revoke(id: string, at: number): Promise<void>
  /** Puts another code in the place of the one before. @returns false where no code could be used any more */
  replaceCode(id: string, codeHash: string, now: number): Promise<boolean>
}
