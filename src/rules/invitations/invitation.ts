import { hash } from 'node:crypto'
import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import type { InvitationAnswer, InvitationRequest } from '../../contract/invitation.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../consultations/consultation.ts'
import { closesAt, type Window } from '../policy/window.ts'
import { parseInstantMs, toIso } from '../time.ts'
import { checkNotOver } from '../consultations/plan.ts'
import type { Caller, Policy } from '../policy/policy.ts'
import { displayName } from '../person.ts'

/** An invitation to a consultation. Times are epoch milliseconds. */
export type Invitation = {
  id: string
  consultationId: string
  role: string
  name?: string
  /** Whom it invites; without, each use is another guest. */
  userId?: string
  uses: number
  used: number
  /** Absent where it may be used until nobody may enter any more. */
  expiresAt?: number
  createdAt: number
  createdBy: string
  revokedAt?: number
}

/** A code or a cookie as it is kept and looked for: SHA-256 in hex. It has 256 bits, so that no salt is needed. */
export const hashSecret = (secret: string): string => hash('sha256', secret)

/**
 * What a request for an invitation asks for.
 * @param request one whose shape was checked
 * @param now epoch milliseconds
 * @returns the invitation, or `consultation-ended`, `consultation-cancelled`, `invalid-request` with the fields that mean
 *   nothing, `role-not-allowed`
 */
export function planInvitation(
  policy: Policy,
  caller: Caller,
  consultation: Consultation,
  request: InvitationRequest,
  now: number,
): Omit<Invitation, 'id'> | Refusal {
  const over = checkNotOver(consultation, policy.window, now)
  if (over !== undefined) return over
  const { role, userId, uses = 1 } = request
  const name = request.name === undefined ? undefined : displayName(request.name)
  const expiresAt = request.expiresAt === undefined ? undefined : parseInstantMs(request.expiresAt)
  const errors = [...faultsOfPerson(policy, consultation, request), ...faultsOfTime(expiresAt, now)]
  if (errors.length > 0) return { code: 'invalid-request', errors }
  if (!mayInvite(policy, caller, role)) return { code: 'role-not-allowed' }
  return {
    consultationId: consultation.id,
    role,
    ...(name === undefined ? {} : { name }),
    ...(userId === undefined ? {} : { userId }),
    uses,
    used: 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    createdAt: now,
    createdBy: caller.id,
  }
}

/** A machine invites into its own roles, a signed-in user into those that do not moderate. */
export const mayInvite = (policy: Policy, { user, roles }: Caller, role: string): boolean =>
  user === undefined ? roles.has(role) : policy.roles.get(role)?.moderator === false

function faultsOfPerson(
  policy: Policy,
  { participants }: Consultation,
  { role, userId }: InvitationRequest,
): FieldError[] {
  if (!policy.roles.has(role)) return [{ pointer: '/role', message: 'must be one of the roles of the policy' }]
  if (userId === undefined) return []
  const there = participants.find((each) => each.userId === userId)
  if (there !== undefined && there.role !== role) {
    return [{ pointer: '/role', message: 'must be the role that this person has already' }]
  }
  if (there !== undefined || participants.length < MAX_PARTICIPANTS) return []
  return [FULL]
}

/** What is wrong with whom an invitation is for where nobody else may take part. */
export const FULL: FieldError = {
  pointer: '/userId',
  message: `must leave at most ${MAX_PARTICIPANTS} participants in all`,
}

function faultsOfTime(expiresAt: number | undefined, now: number): FieldError[] {
  if (expiresAt === undefined || expiresAt > now) return []
  const message = Number.isNaN(expiresAt) ? 'must be a time of the calendar' : 'must be in the future'
  return [{ pointer: '/expiresAt', message }]
}

/** Whether a new browser may use an invitation. */
export const isLive = ({ uses, used, expiresAt, revokedAt }: Invitation, now: number): boolean =>
  revokedAt === undefined && used < uses && (expiresAt === undefined || now < expiresAt)

const PREFIX = 'invitation:'

/** Who asks where an invitation does: for its role, in rooms of consultations, and for nothing else. */
export const callerOfInvitation = ({ id, role }: Pick<Invitation, 'id' | 'role'>): Caller => ({
  id: `${PREFIX}${id}`,
  roles: new Set([role]),
  scopes: new Set(['tokens:issue']),
  rooms: 'consultations',
})

/** @returns the id of the invitation by which a caller asks, or undefined */
export const invitationIdIn = (callerId: string): string | undefined =>
  callerId.startsWith(PREFIX) ? callerId.slice(PREFIX.length) : undefined

/** A caller as it is counted: invitations as one, for there is no end of them. */
export const metricsCallerOf = ({ id }: Pick<Caller, 'id'>): string =>
  invitationIdIn(id) === undefined ? id : 'invitation'

/** Where a code is told, and how: the fragment of a link never leaves the browser (RFC 3986, section 3.5). */
export type InvitationCode = { code: string; publicUrl: string | undefined }

/** An invitation as it is told. @param told its code, where it is told; it never is again */
export function toInvitationAnswer(
  invitation: Invitation,
  consultation: Consultation,
  window: Window,
  told?: InvitationCode,
): InvitationAnswer {
  const { id, consultationId, role, name, userId, uses, used, expiresAt = Infinity, revokedAt } = invitation
  return {
    id,
    consultationId,
    role,
    ...(name === undefined ? {} : { name }),
    ...(userId === undefined ? {} : { userId }),
    uses,
    used,
    createdAt: toIso(invitation.createdAt),
    expiresAt: toIso(Math.min(expiresAt, closesAt(consultation, window))),
    ...(revokedAt === undefined ? {} : { revokedAt: toIso(revokedAt) }),
    ...(told === undefined ? {} : { code: told.code }),
    ...(told?.publicUrl === undefined ? {} : { link: `${told.publicUrl}/join#${told.code}` }),
  }
}
