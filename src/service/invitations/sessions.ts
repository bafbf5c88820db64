import { callerOfInvitation, invitationIdIn } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { InvitationStore, InvitationSession } from './ports.ts'

type SessionDeps = { invitations: InvitationStore }

/** A browser that used an invitation which is not revoked. */
type LiveSession = InvitationSession & { sessionHash: string; consultationId: string }

/**
 * Finds the session of a browser.
 * @param secret the value of the browser's cookie
 * @returns undefined if there is no such session, or if its invitation was revoked
 * @throws ServiceFault `record-unavailable`
 */
export async function findSession({ invitations }: SessionDeps, secret: string): Promise<LiveSession | undefined> {
  const sessionHash = hashSecret(secret)
  const session = await invitations.findSession(sessionHash)
  if (session === undefined || session.invitation.revokedAt !== undefined) return undefined
  return { ...session, sessionHash, consultationId: session.invitation.consultationId }
}

/**
 * Finds the caller that a browser acts as in a consultation, with the scope `consultations:attend` only.
 * @param secret the value of the browser's cookie
 * @returns undefined if there is no live session, or if its invitation is for another consultation: the invitation gives no
 *   access to other consultations of the same user
 * @throws ServiceFault `record-unavailable`
 */
export async function findSessionCaller(
  deps: SessionDeps,
  secret: string,
  consultationId: string,
): Promise<Caller | undefined> {
  const session = await findSession(deps, secret)
  if (session?.consultationId !== consultationId) return undefined
  const { invitation, userId } = session
  return { ...callerOfInvitation(invitation), scopes: new Set(['consultations:attend']), user: { id: userId } }
}

/**
 * Finds the caller for the renewal of a token that was issued by an invitation.
 * @param callerId `invitation:<id>`
 * @returns undefined if the consultation has no such invitation, or if it was revoked
 * @throws ServiceFault `record-unavailable`
 */
export async function findInvitationCaller(
  { invitations }: SessionDeps,
  consultationId: string,
  callerId: string,
): Promise<Caller | undefined> {
  const id = invitationIdIn(callerId)
  const invitation = id === undefined ? undefined : await invitations.findById(consultationId, id)
  return invitation === undefined || invitation.revokedAt !== undefined ? undefined : callerOfInvitation(invitation)
}

/**
 * Finds the session of a browser that used this code, or that used an earlier code of the same invitation.
 * @param secret the value of the browser's cookie, if it has one
 * @param codeHash the hash of the code that the browser presents
 * @returns undefined if there is no live session of that invitation
 * @throws ServiceFault `record-unavailable`
 */
export async function findSessionForCode(
  deps: SessionDeps,
  secret: string | undefined,
  codeHash: string,
): Promise<LiveSession | undefined> {
  const session = secret === undefined ? undefined : await findSession(deps, secret)
  if (session === undefined || session.codeHash === codeHash) return session
  const current = await deps.invitations.findByCode(codeHash)
  return current?.id === session.invitation.id ? session : undefined
}
