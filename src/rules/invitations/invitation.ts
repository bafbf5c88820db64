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
  /** The user whom it invites; without it, each use is another guest. */
  userId?: string
  uses: number
  used: number
  /** If absent, the invitation is valid until the admission window closes. */
  expiresAt?: number
  createdAt: number
  createdBy: string
  revokedAt?: number
}

/**
 * Plans the invitation that a request describes.
 * @param request a request that fits its schema
 * @param now epoch milliseconds
 * @returns the invitation, or `consultation-ended`, `consultation-cancelled`, `invalid-request` with an error for each invalid
 *   field, `role-not-allowed`
 */
export function planInvitation(
  policy: Policy,
  caller: Caller,
  consultation: Consultation,
  request: InvitationRequest,
  now: number,
): Omit<Invitation, 'id'> | Refusal {
  const closed = checkNotOver(consultation, policy.window, now)
  if (closed !== undefined) return closed
  const { role, userId, uses = 1 } = request
  const name = request.name === undefined ? undefined : displayName(request.name)
  const expiresAt = request.expiresAt === undefined ? undefined : parseInstantMs(request.expiresAt)
  const errors = [...findPersonErrors(policy, consultation, request), ...findTimeErrors(expiresAt, now)]
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

/** Whether a caller may invite into a role: an API caller into its own roles, a signed-in user into roles that do not moderate. */
export const mayInvite = (policy: Policy, { user, roles }: Caller, role: string): boolean =>
  user === undefined ? roles.has(role) : policy.roles.get(role)?.moderator === false

function findPersonErrors(
  policy: Policy,
  { participants }: Consultation,
  { role, userId }: InvitationRequest,
): FieldError[] {
  if (!policy.roles.has(role)) return [{ pointer: '/role', message: 'must be one of the roles of the policy' }]
  if (userId === undefined) return []
  const participant = participants.find((each) => each.userId === userId)
  if (participant !== undefined && participant.role !== role) {
    return [{ pointer: '/role', message: 'must be the role that this participant already has' }]
  }
  if (participant !== undefined || participants.length < MAX_PARTICIPANTS) return []
  return [FULL]
}

/** The error of an invitation that would add a participant to a full consultation. */
export const FULL: FieldError = {
  pointer: '/userId',
  message: `must not exceed ${MAX_PARTICIPANTS} participants in total`,
}

function findTimeErrors(expiresAt: number | undefined, now: number): FieldError[] {
  if (expiresAt === undefined || expiresAt > now) return []
  const message = Number.isNaN(expiresAt) ? 'must be a date and time that exists' : 'must be in the future'
  return [{ pointer: '/expiresAt', message }]
}

/** Whether a new browser may use an invitation. */
export const isLive = ({ uses, used, expiresAt, revokedAt }: Invitation, now: number): boolean =>
  revokedAt === undefined && used < uses && (expiresAt === undefined || now < expiresAt)

const PREFIX = 'invitation:'

/** @returns the caller that an invitation stands for: it may request its role in the rooms of consultations, and nothing else */
export const callerOfInvitation = ({ id, role }: Pick<Invitation, 'id' | 'role'>): Caller => ({
  id: `${PREFIX}${id}`,
  roles: new Set([role]),
  scopes: new Set(['tokens:issue']),
  rooms: 'consultations',
})

/** @returns the id of the invitation that a caller stands for, or undefined */
export const invitationIdIn = (callerId: string): string | undefined =>
  callerId.startsWith(PREFIX) ? callerId.slice(PREFIX.length) : undefined

/** @returns the caller label of metrics: one for all invitations, because their number is unbounded */
export const metricsCallerOf = ({ id }: Pick<Caller, 'id'>): string =>
  invitationIdIn(id) === undefined ? id : 'invitation'

/** The code of an invitation, and the URL of the page for its link. The code is in the fragment, which a browser does not send (RFC 3986, section 3.5). */
export type InvitationCode = { code: string; publicUrl: string | undefined }

/**
 * Converts an invitation to the answer of the API.
 * @param shownOnce the code; only the answer that creates or resends the invitation contains it
 */
export function toInvitationAnswer(
  invitation: Invitation,
  consultation: Consultation,
  window: Window,
  shownOnce?: InvitationCode,
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
    ...(shownOnce === undefined ? {} : { code: shownOnce.code }),
    ...(shownOnce?.publicUrl === undefined ? {} : { link: `${shownOnce.publicUrl}/join#${shownOnce.code}` }),
  }
}
