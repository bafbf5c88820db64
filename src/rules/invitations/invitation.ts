import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import { DEFAULT_USES_OF_PERSON, type InvitationAnswer, type InvitationRequest } from '../../contract/invitation.ts'
import type { InvitationReason } from '../../contract/invitation-reason.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../consultations/consultation.ts'
import { closesAt, opensAt, type Window } from '../policy/window.ts'
import { explainTime, parseInstantMs, toIso } from '../time.ts'
import { checkNotOver } from '../consultations/plan.ts'
import { type Caller, createRoleCaller, type Policy } from '../policy/policy.ts'
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
  const { role, userId, uses = request.userId === undefined ? 1 : DEFAULT_USES_OF_PERSON } = request
  const name = request.name === undefined ? undefined : displayName(request.name)
  const expiresAt = request.expiresAt === undefined ? undefined : parseInstantMs(request.expiresAt)
  const opens = opensAt(consultation, policy.window, role)
  const errors = [...findPersonErrors(policy, consultation, request), ...findTimeErrors(request.expiresAt, now, opens)]
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

/** @param opens when the admission window opens for the role: a code cannot be used earlier */
function findTimeErrors(text: string | undefined, now: number, opens: number): FieldError[] {
  if (text === undefined) return []
  const expiresAt = parseInstantMs(text)
  if (expiresAt > now && expiresAt > opens) return []
  if (Number.isNaN(expiresAt)) return [{ pointer: '/expiresAt', message: explainTime(text) }]
  const message = expiresAt > now ? 'must be after the admission window opens for the role' : 'must be in the future'
  return [{ pointer: '/expiresAt', message }]
}

/**
 * Finds out why a new browser may not use an invitation.
 * @param now epoch milliseconds
 * @returns undefined if it may
 */
export function unusableReason(
  { uses, used, expiresAt = Infinity, revokedAt }: Invitation,
  now: number,
): InvitationReason | undefined {
  if (revokedAt !== undefined) return 'revoked'
  if (now >= expiresAt) return 'expired'
  return used < uses ? undefined : 'used'
}

/**
 * Whether an invitation is for one person. Such a person may change the browser until the person has entered; of other
 * invitations, each use is another guest.
 */
export const isForOnePerson = ({ userId, uses }: Pick<Invitation, 'userId' | 'uses'>): boolean =>
  userId !== undefined || uses === 1

const PREFIX = 'invitation:'

/** @returns the caller that an invitation stands for: it may request its role in the rooms of consultations, and nothing else */
export const callerOfInvitation = ({ id, role }: Pick<Invitation, 'id' | 'role'>): Caller =>
  createRoleCaller(`${PREFIX}${id}`, role)

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
