import { callerOfInvitation, hashSecret, invitationIdIn } from '../../rules/invitations/invitation.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { InvitationStore, InvitationSession } from './ports.ts'

type SessionDeps = { invitations: InvitationStore }

/** A browser that used an invitation which holds. */
type LiveSession = InvitationSession & { sessionHash: string; consultationId: string }

/**
 * Whom a cookie stands for.
 * @param secret what the cookie holds
 * @returns undefined where nobody has it, or the invitation was revoked
 * @throws ServiceFault `record-unavailable`
 */
export async function findSession({ invitations }: SessionDeps, secret: string): Promise<LiveSession | undefined> {
  const sessionHash = hashSecret(secret)
  const session = await invitations.findSession(sessionHash)
  if (session === undefined || session.invitation.revokedAt !== undefined) return undefined
  return { ...session, sessionHash, consultationId: session.invitation.consultationId }
}

/**
 * Whom a cookie stands for in a consultation, as somebody who does nothing but attend to it.
 * @param secret what the cookie holds
 * @returns undefined as `sessionOf`, and for any other consultation than the one that the invitation is to: the same person
 *   may take part in others, and the invitation opens none of those
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
 * Who asks for a token that came by an invitation, and is to be renewed.
 * @param callerId `invitation:<id>`
 * @returns undefined where there is no such invitation to the consultation, or it was revoked
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
 * The session of a browser, where it came by this code; also by one that another took the place of since.
 * @param codeHash of the code that it shows
 */
export async function findSessionForCode(
  deps: SessionDeps,
  secret: string | undefined,
  codeHash: string,
): Promise<LiveSession | undefined> {
  const session = secret === undefined ? undefined : await findSession(deps, secret)
  if (session === undefined || session.codeHash === codeHash) return session
  const now = await deps.invitations.findByCode(codeHash)
  return now?.id === session.invitation.id ? session : undefined
}
