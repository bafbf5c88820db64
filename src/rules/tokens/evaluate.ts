import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import { type Admission, evaluateAdmission, isConsultationBound, type Waiting } from '../consultations/admission.ts'
import { type Consultation, nameInMeeting, type Participant } from '../consultations/consultation.ts'
import { displayName } from '../person.ts'
import type { Caller, Policy } from '../policy/policy.ts'

/** Everything that a token says, except its times, its id and its key. */
export type Grant = {
  room: string
  user: { id: string; name: string; email?: string; avatar?: string }
  role: string
  rolePolicy: RolePolicy
  lifetimeSeconds: number
  /** The consultation that the room belongs to and the participant who enters it, for consultation-bound callers. */
  admitted?: { consultation: Consultation; participant: Participant }
}

/** The outcome of a token request: a token may be issued, the participant waits to be admitted, or the request is refused. */
export type Decision = Grant | Waiting | Refusal

/**
 * Decides on a token request. It is called before and after a token is signed, with the same `at`; what it returns depends
 * on its arguments only. A request narrows what the role grants and never widens it.
 * @param request a request that fits its schema
 * @param consultation the consultation whose room is requested; ignored unless the caller is consultation-bound
 * @param at epoch milliseconds at which the request arrived
 * @returns a grant; for a consultation-bound caller also a participant who waits in the waiting room; or a refusal with one
 *   of the codes of `evaluateAdmission`, or `invalid-request`, `identity-mismatch`, `identity-incomplete`,
 *   `role-not-allowed`, `room-not-allowed`
 */
export function evaluate(
  policy: Policy,
  caller: Caller,
  request: TokenRequest,
  consultation: Consultation | undefined,
  at: number,
): Decision {
  if (!isConsultationBound(caller)) return grant(policy, caller, request)
  const admission = evaluateAdmission(policy, caller, request, consultation, at)
  if ('code' in admission) return admission
  // A participant whose request would be refused does not enter the waiting room either.
  const decision = grant(policy, caller, request, admission)
  if ('code' in decision || !('since' in admission)) return decision
  return { ...admission, participant: withName(admission.participant, decision.user.name) }
}

/** @param admission of a consultation-bound caller; the room pattern of the policy does not apply then */
function grant(
  policy: Policy,
  caller: Caller,
  request: TokenRequest,
  admission?: Admission | Waiting,
): Grant | Refusal {
  const subject = subjectOf(caller, admission === undefined ? request : completeRequest(caller, request, admission))
  if ('code' in subject) return subject
  const rolePolicy = policy.roles.get(subject.userRole)
  const maxMinutes = Math.min(rolePolicy?.lifetimeMinutes.max ?? 0, caller.maxLifetimeMinutes ?? Infinity)
  const errors: FieldError[] = []
  if (admission === undefined && !policy.rooms.test(request.roomId)) {
    errors.push({ pointer: '/roomId', message: 'must match the room pattern of the policy' })
  }
  if (rolePolicy === undefined) errors.push({ pointer: '/userRole', message: 'must be one of the roles of the policy' })
  if (rolePolicy !== undefined && (request.expirationMinutes ?? 0) > maxMinutes) {
    const message = `must be at most ${maxMinutes} minutes for this caller and role`
    errors.push({ pointer: '/expirationMinutes', message })
  }
  if (rolePolicy === undefined || errors.length > 0) return { code: 'invalid-request', errors }
  if (!caller.roles.has(subject.userRole)) return { code: 'role-not-allowed' }
  if (!isRoomAllowed(caller, request.roomId, admission)) return { code: 'room-not-allowed' }
  const email = rolePolicy.shareEmail === true ? subject.userEmail : undefined
  const minutes = request.expirationMinutes ?? Math.min(rolePolicy.lifetimeMinutes.default, maxMinutes)
  return {
    room: request.roomId,
    user: {
      id: subject.userId,
      name: subject.userName,
      ...(request.userAvatar === undefined ? {} : { avatar: request.userAvatar }),
      ...(email === undefined ? {} : { email }),
    },
    role: subject.userRole,
    rolePolicy,
    lifetimeSeconds: Math.min(minutes * 60, secondsLeftIn(admission)),
    ...(admission === undefined
      ? {}
      : {
          admitted: {
            consultation: admission.consultation,
            participant: withName(admission.participant, subject.userName),
          },
        }),
  }
}

/** The participant with the name of the token, unless the consultation has a name for the participant. */
const withName = (participant: Participant, name: string): Participant => ({ name, ...participant })

const secondsLeftIn = (admission: Admission | Waiting | undefined): number =>
  admission !== undefined && 'secondsLeft' in admission ? admission.secondsLeft : Infinity

/** The person and role that a request is about. */
type Subject = { userId: string; userName: string; userRole: string; userEmail?: string }

/**
 * Finds out who the token is for. Id, name, e-mail and roles of a signed-in user come from the verified access token, never
 * from the request.
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
  const requested = [
    userId ?? user.id,
    userName === undefined ? user.name : displayName(userName),
    userEmail ?? user.email,
  ]
  const verified = [user.id, user.name, user.email]
  if (requested.some((value, index) => value !== verified[index])) return { code: 'identity-mismatch' }
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

/** Adds what the consultation knows to a request that leaves it out. The name of a signed-in user is the verified one. */
const completeRequest = (
  caller: Caller,
  request: TokenRequest,
  { participant }: Pick<Admission, 'participant'>,
): TokenRequest => {
  const name = caller.user === undefined ? nameInMeeting(participant) : undefined
  return {
    userId: participant.userId,
    userRole: participant.role,
    ...(name === undefined ? {} : { userName: name }),
    ...request,
  }
}

function isRoomAllowed(
  { rooms }: Caller,
  room: string,
  admission: Pick<Admission, 'consultation'> | undefined,
): boolean {
  if (rooms === undefined) return true
  return typeof rooms === 'string' ? admission?.consultation.room === room : rooms.test(room)
}

/**
 * Whether a token of the first grant says nothing that the second grant does not permit: same room, person and role, the same
 * rules of the role, and no longer lifetime.
 */
export const isCoveredBy = (signed: Grant, current: Grant): boolean =>
  signed.room === current.room &&
  signed.role === current.role &&
  signed.user.id === current.user.id &&
  signed.user.name === current.user.name &&
  signed.user.email === current.user.email &&
  signed.user.avatar === current.user.avatar &&
  signed.lifetimeSeconds <= current.lifetimeSeconds &&
  JSON.stringify(signed.rolePolicy) === JSON.stringify(current.rolePolicy)
