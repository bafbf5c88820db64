import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import type { Admission } from '../consultations/admission.ts'
import { displayName } from '../person.ts'
import type { Policy, Caller } from '../policy/policy.ts'

/** What a request is granted: all that a token says, but for when and under which key. */
export type Grant = {
  room: string
  user: { id: string; name: string; email?: string; avatar?: string }
  role: string
  rolePolicy: RolePolicy
  lifetimeSeconds: number
  /** Id of the consultation that the room belongs to, where that decided. */
  consultation?: string
}

/** Whom a request is about: what it says, and for a signed-in user what was verified. */
type Subject = { userId: string; userName: string; userRole: string; userEmail?: string }

/**
 * Whom the token is for. Of a signed-in user, id, name, e-mail and role are what was verified, never what the body says.
 * @returns the subject, or a refusal: `invalid-request`, `identity-mismatch`, `identity-incomplete`, `role-not-allowed`
 */
function subjectOf(caller: Caller, request: TokenRequest): Subject | Refusal {
  return caller.user === undefined ? subjectOfMachine(request) : subjectOfUser(caller, caller.user, request)
}

function subjectOfMachine({ userId, userName, userRole, userEmail }: TokenRequest): Subject | Refusal {
  const name = userName === undefined ? undefined : displayName(userName)
  if (userId === undefined || name === undefined || userRole === undefined) {
    const missing = Object.entries({ userId, userName: name, userRole }).filter(([, value]) => value === undefined)
    const errors = missing.map(([field]) => ({ pointer: `/${field}`, message: 'is missing' }))
    return { code: 'invalid-request', errors }
  }
  return { userId, userName: name, userRole, ...(userEmail === undefined ? {} : { userEmail }) }
}

function subjectOfUser(caller: Caller, user: NonNullable<Caller['user']>, request: TokenRequest): Subject | Refusal {
  const { userId, userName, userRole, userEmail } = request
  if (user.name === undefined) return { code: 'identity-incomplete' }
  const says = [userId ?? user.id, userName === undefined ? user.name : displayName(userName), userEmail ?? user.email]
  const is = [user.id, user.name, user.email]
  if (says.some((value, index) => value !== is[index])) return { code: 'identity-mismatch' }
  const [only, ...others] = caller.roles
  if (userRole === undefined && others.length > 0) {
    const message = 'must name one of the roles of the user, who has several'
    return { code: 'invalid-request', errors: [{ pointer: '/userRole', message }] }
  }
  const role = userRole ?? only
  if (role === undefined) return { code: 'role-not-allowed' }
  return {
    userId: user.id,
    userName: user.name,
    userRole: role,
    ...(user.email === undefined ? {} : { userEmail: user.email }),
  }
}

/**
 * Decides whether a caller may have a token, and what it says. A request narrows what the role grants, never widens it.
 * @param request a request whose shape was checked
 * @param admitted who was let into a consultation; a caller whose rooms are those of consultations needs it, and no pattern
 *   matters then
 * @returns a grant, or a refusal: `invalid-request` with the fields that the policy does not know, what `subjectOf`
 *   refuses, `role-not-allowed`, `room-not-allowed`
 */
export function decide(policy: Policy, caller: Caller, request: TokenRequest, admitted?: Admission): Grant | Refusal {
  const subject = subjectOf(caller, admitted === undefined ? request : completeRequest(caller, request, admitted))
  if ('code' in subject) return subject
  const rolePolicy = policy.roles.get(subject.userRole)
  const most = Math.min(rolePolicy?.lifetimeMinutes.max ?? 0, caller.maxLifetimeMinutes ?? Infinity)
  const errors: FieldError[] = []
  if (admitted === undefined && !policy.rooms.test(request.roomId)) {
    errors.push({ pointer: '/roomId', message: 'must match the room pattern of the policy' })
  }
  if (rolePolicy === undefined) errors.push({ pointer: '/userRole', message: 'must be one of the roles of the policy' })
  if (rolePolicy !== undefined && (request.expirationMinutes ?? 0) > most) {
    errors.push({ pointer: '/expirationMinutes', message: `must be at most ${most} minutes for this caller and role` })
  }
  if (rolePolicy === undefined || errors.length > 0) return { code: 'invalid-request', errors }
  if (!caller.roles.has(subject.userRole)) return { code: 'role-not-allowed' }
  if (!isRoomAllowed(caller, request.roomId, admitted)) return { code: 'room-not-allowed' }
  const shared = rolePolicy.shareEmail === true ? subject.userEmail : undefined
  const wanted = (request.expirationMinutes ?? Math.min(rolePolicy.lifetimeMinutes.default, most)) * 60
  return {
    room: request.roomId,
    user: {
      id: subject.userId,
      name: subject.userName,
      ...(request.userAvatar === undefined ? {} : { avatar: request.userAvatar }),
      ...(shared === undefined ? {} : { email: shared }),
    },
    role: subject.userRole,
    rolePolicy,
    lifetimeSeconds: Math.min(wanted, admitted?.secondsLeft ?? Infinity),
    ...(admitted === undefined ? {} : { consultation: admitted.consultation.id }),
  }
}

/** What a request leaves out, the consultation knows; a signed-in user has the name that was verified. */
const completeRequest = (caller: Caller, request: TokenRequest, { participant }: Admission): TokenRequest => ({
  userId: participant.userId,
  userRole: participant.role,
  ...(participant.name === undefined || caller.user !== undefined ? {} : { userName: participant.name }),
  ...request,
})

function isRoomAllowed({ rooms }: Caller, room: string, admitted: Admission | undefined): boolean {
  if (rooms === undefined) return true
  return typeof rooms === 'string' ? admitted?.consultation.room === room : rooms.test(room)
}
