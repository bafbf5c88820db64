import type { Refusal } from '../../contract/problem.ts'
import { invitationIdIn, callerOfInvitation } from '../../rules/invitations/invitation.ts'
import { type Caller, createRoleCaller, type Policy } from '../../rules/policy/policy.ts'
import { closesAt, type Window } from '../../rules/policy/window.ts'
import { hashSecret } from '../../rules/secret.ts'
import { DAY_MS } from '../../rules/time.ts'
import type { Consultation, ConsultationStore } from '../consultations/ports.ts'
import type { BrowserSession, InvitationStore } from './ports.ts'

export type SessionDeps = {
  policy: () => Policy
  consultations: Pick<ConsultationStore, 'findById'>
  invitations: Pick<InvitationStore, 'findSessions' | 'findById'>
}

/** How long a browser stays bound after the admission window closes. */
export const SESSION_GRACE_MS = DAY_MS

/** A browser's session, and its consultation. */
export type BoundVisit = { session: BrowserSession; consultation: Consultation }

/**
 * Finds the sessions of a browser.
 * @param secret the value of the browser's cookie, if it has one
 * @returns the latest first; without those whose invitation was revoked or whose issuer is no longer in the policy
 * @throws ServiceFault `record-unavailable`
 */
export async function findLiveSessions(
  { policy, invitations }: Pick<SessionDeps, 'policy' | 'invitations'>,
  secret: string | undefined,
): Promise<BrowserSession[]> {
  if (secret === undefined) return []
  const sessions = await invitations.findSessions(hashSecret(secret))
  return sessions.filter(({ invitation, callerId }) =>
    invitation === undefined ? policy().callers.has(callerId) : invitation.revokedAt === undefined,
  )
}

/** Whether the sessions of a consultation have expired. @param now epoch milliseconds */
export const areSessionsOver = (consultation: Consultation, window: Window, now: number): boolean =>
  now >= closesAt(consultation, window) + SESSION_GRACE_MS

/**
 * Finds the session of a browser for a consultation, even long after its end. Of several, it is the latest.
 * @param secret the value of the browser's cookie
 * @returns undefined if there is no live session for this consultation: a session gives no access to other consultations of
 *   the same user
 * @throws ServiceFault `record-unavailable`
 */
export async function findBoundVisit(
  deps: SessionDeps,
  secret: string,
  consultationId: string,
): Promise<BoundVisit | undefined> {
  const sessions = await findLiveSessions(deps, secret)
  const session = sessions.find((each) => each.consultationId === consultationId)
  const consultation = session === undefined ? undefined : await deps.consultations.findById(consultationId)
  return session === undefined || consultation === undefined ? undefined : { session, consultation }
}

/** Finds the session of a browser for a consultation until one day after its admission window closes. @see findBoundVisit */
export async function findVisit(
  deps: SessionDeps & { clock: () => number },
  secret: string,
  consultationId: string,
): Promise<BoundVisit | undefined> {
  const visit = await findBoundVisit(deps, secret, consultationId)
  const isOver = visit !== undefined && areSessionsOver(visit.consultation, deps.policy().window, deps.clock())
  return isOver ? undefined : visit
}

/** @returns the caller that requests the tokens of a session */
export const tokenCallerOf = ({ callerId, role }: Pick<BrowserSession, 'callerId' | 'role'>): Caller =>
  createRoleCaller(callerId, role)

/**
 * @returns the caller that a browser acts as in the consultation of a session: the person, with the scope
 *   `consultations:attend` only
 */
export const callerOfSession = (session: BrowserSession): Caller => ({
  ...tokenCallerOf(session),
  scopes: new Set(['consultations:attend']),
  user: { id: session.userId },
})

/**
 * Finds out whether the session of a browser has ended.
 * @returns undefined if not; otherwise `no-visit`, or `invitation-invalid` with the reason
 * @throws ServiceFault `record-unavailable`
 */
export async function findSessionEnd(
  { policy, invitations }: Pick<SessionDeps, 'policy' | 'invitations'>,
  secret: string,
  { consultationId, callerId }: Pick<BrowserSession, 'consultationId' | 'callerId'>,
): Promise<Refusal | undefined> {
  const sessions = await invitations.findSessions(hashSecret(secret))
  const session = sessions.find((each) => each.consultationId === consultationId && each.callerId === callerId)
  if (invitationIdIn(callerId) === undefined) {
    return session !== undefined && policy().callers.has(callerId) ? undefined : { code: 'no-visit' }
  }
  if (session === undefined) return { code: 'invitation-invalid', invitationReason: 'used' }
  return session.invitation?.revokedAt === undefined
    ? undefined
    : { code: 'invitation-invalid', invitationReason: 'revoked' }
}

/**
 * Finds the caller for the renewal of a token that was issued by an invitation.
 * @param callerId `invitation:<id>`
 * @returns undefined if the consultation has no such invitation, or if it was revoked
 * @throws ServiceFault `record-unavailable`
 */
export async function findInvitationCaller(
  { invitations }: Pick<SessionDeps, 'invitations'>,
  consultationId: string,
  callerId: string,
): Promise<Caller | undefined> {
  const id = invitationIdIn(callerId)
  const invitation = id === undefined ? undefined : await invitations.findById(consultationId, id)
  return invitation === undefined || invitation.revokedAt !== undefined ? undefined : callerOfInvitation(invitation)
}
