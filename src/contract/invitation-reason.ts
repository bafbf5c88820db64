/**
 * Why a code does not work: all uses are taken and the person has entered, its deadline has passed, it was revoked, a
 * newer code replaced it, or no invitation ever had it. A code cannot be guessed, so only somebody who received it
 * learns more than `unknown`.
 */
export const INVITATION_REASONS = ['used', 'expired', 'revoked', 'replaced', 'unknown'] as const
export type InvitationReason = (typeof INVITATION_REASONS)[number]
