import type { CallerPolicy, PolicyFile, RolePolicy, Scope } from '../contract/policy.ts'
import type { FieldError, Refusal } from '../contract/problem.ts'
import type { TokenRequest } from '../contract/token.ts'
import { displayName } from './user.ts'

/** Who asks, once known: what the policy lets this caller ask for. */
export type Caller = {
  id: string
  roles: ReadonlySet<string>
  scopes: ReadonlySet<Scope>
  rooms?: RegExp
}

/** The policy, ready to decide by. */
export type Policy = {
  rooms: RegExp
  roles: ReadonlyMap<string, RolePolicy>
}

/** What a request is granted: all that a token says, but for when and under which key. */
export type Grant = {
  room: string
  user: { id: string; name: string; email?: string; avatar?: string }
  role: string
  rolePolicy: RolePolicy
  lifetimeSeconds: number
}

/**
 * A pattern as the policy means it: held against the whole name, whether its author anchored it or not.
 * @param pattern a regular expression, read with the u flag
 * @throws SyntaxError where it does not compile
 */
export function wholeName(pattern: string): RegExp {
  // Compiled alone first: `a)|(?:b` would otherwise become valid inside the group, and match other names.
  const { source } = new RegExp(pattern, 'u')
  return new RegExp(`^(?:${source})$`, 'u')
}

/** @param file a checked policy file */
export function policyOf(file: Pick<PolicyFile, 'rooms' | 'roles'>): Policy {
  return { rooms: wholeName(file.rooms.pattern), roles: new Map(Object.entries(file.roles)) }
}

/** @param entry a caller of a checked policy file */
export function callerOf(entry: CallerPolicy): Caller {
  return {
    id: entry.id,
    roles: new Set(entry.roles),
    scopes: new Set(entry.scopes),
    ...(entry.rooms === undefined ? {} : { rooms: wholeName(entry.rooms) }),
  }
}

/**
 * Decides whether a caller may have a token, and what it says. A request narrows what the role grants, never widens it.
 * @param request a request whose shape was checked
 * @returns a grant, or a refusal: `invalid-request` with the fields that the policy does not know,
 *   `role-not-allowed`, `room-not-allowed`
 */
export function decide(policy: Policy, caller: Caller, request: TokenRequest): Grant | Refusal {
  const rolePolicy = policy.roles.get(request.userRole)
  const name = displayName(request.userName)
  const lifetimeMinutes = request.expirationMinutes ?? rolePolicy?.lifetimeMinutes.default
  const errors: FieldError[] = []
  if (!policy.rooms.test(request.roomId)) {
    errors.push({ pointer: '/roomId', message: 'must match the room pattern of the policy' })
  }
  if (name === undefined) errors.push({ pointer: '/userName', message: 'must be a display name' })
  if (rolePolicy === undefined) errors.push({ pointer: '/userRole', message: 'must be one of the roles of the policy' })
  if (rolePolicy !== undefined && (request.expirationMinutes ?? 0) > rolePolicy.lifetimeMinutes.max) {
    const message = `must be at most the maximum of the role, ${rolePolicy.lifetimeMinutes.max} minutes`
    errors.push({ pointer: '/expirationMinutes', message })
  }
  if (rolePolicy === undefined || name === undefined || lifetimeMinutes === undefined || errors.length > 0) {
    return { code: 'invalid-request', errors }
  }
  if (!caller.roles.has(request.userRole)) return { code: 'role-not-allowed' }
  if (caller.rooms !== undefined && !caller.rooms.test(request.roomId)) return { code: 'room-not-allowed' }
  return {
    room: request.roomId,
    user: {
      id: request.userId,
      name,
      ...(request.userAvatar === undefined ? {} : { avatar: request.userAvatar }),
      ...(request.userEmail === undefined || rolePolicy.shareEmail !== true ? {} : { email: request.userEmail }),
    },
    role: request.userRole,
    rolePolicy,
    lifetimeSeconds: lifetimeMinutes * 60,
  }
}
