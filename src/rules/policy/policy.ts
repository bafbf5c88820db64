import { DEFAULT_ROOM_TEMPLATE, DEFAULT_ADMISSION_WINDOW } from '../../contract/policy/admission-policy.ts'
import {
  type CallerPolicy,
  CONSULTATION_ROOMS,
  OWN_ROOMS,
  type PolicyFile,
  type RolePolicy,
  type Scope,
} from '../../contract/policy/policy.ts'
import type { Window } from './window.ts'
import { MINUTE_MS } from '../time.ts'

/** The values of `rooms` that are not patterns: consultations decide which rooms the caller may use. */
export const CONSULTATION_BOUND = [OWN_ROOMS, CONSULTATION_ROOMS] as const

/** An authenticated caller, with what the policy permits it. */
export type Caller = {
  /** The id of a backend in the policy, or the issuer of a signed-in user. */
  id: string
  roles: ReadonlySet<string>
  scopes: ReadonlySet<Scope>
  /** A pattern that restricts the rooms of the policy; or `consultations`, or `own` for the consultations of a signed-in user. */
  rooms?: RegExp | (typeof CONSULTATION_BOUND)[number]
  maxLifetimeMinutes?: number
  ratePerMinute?: number
  /** The verified identity of a signed-in user. A backend has none and names the user in each request. */
  user?: { id: string; name?: string; email?: string }
}

/** The compiled policy. */
export type Policy = {
  rooms: RegExp
  roles: ReadonlyMap<string, RolePolicy>
  /** The template for room names of consultations. */
  roomTemplate: string
  /** The admission window of consultations. */
  window: Window
  /** The callers and issuers by id; the value of an issuer is undefined. */
  callers: ReadonlyMap<string, Caller | undefined>
}

/**
 * Compiles a room pattern. It must match the whole name, whether or not it has anchors.
 * @param pattern a regular expression for the u flag
 * @throws SyntaxError if it does not compile
 */
export function compileRoomPattern(pattern: string): RegExp {
  // Compiled alone first: `a)|(?:b` would become valid inside the group and match other names.
  const { source } = new RegExp(pattern, 'u')
  return new RegExp(`^(?:${source})$`, 'u')
}

/** Compiles a policy. @param file a valid policy file */
export function createPolicy({ rooms, roles, window = {}, callers = [], issuers = [] }: PolicyFile): Policy {
  const before = { ...DEFAULT_ADMISSION_WINDOW.minutesBefore, ...window.minutesBefore }
  return {
    rooms: compileRoomPattern(rooms.pattern),
    roles: new Map(Object.entries(roles)),
    roomTemplate: rooms.template ?? DEFAULT_ROOM_TEMPLATE,
    window: {
      beforeMs: new Map(Object.entries(before).map(([role, minutes]) => [role, minutes * MINUTE_MS])),
      otherBeforeMs: DEFAULT_ADMISSION_WINDOW.otherMinutesBefore * MINUTE_MS,
      graceMs: (window.graceMinutes ?? DEFAULT_ADMISSION_WINDOW.graceMinutes) * MINUTE_MS,
    },
    callers: new Map<string, Caller | undefined>([
      ...callers.map((each) => [each.id, createCaller(each)] as const),
      ...issuers.map(({ issuer }) => [issuer, undefined] as const),
    ]),
  }
}

/** @returns a caller that may request tokens for one role, in the rooms of consultations */
export const createRoleCaller = (id: string, role: string): Caller => ({
  id,
  roles: new Set([role]),
  scopes: new Set(['tokens:issue']),
  rooms: CONSULTATION_ROOMS,
})

/** Creates a caller. @param entry a caller of a valid policy file */
export function createCaller(entry: CallerPolicy): Caller {
  return {
    id: entry.id,
    roles: new Set(entry.roles),
    scopes: new Set(entry.scopes),
    ...(entry.rooms === undefined ? {} : { rooms: parseRooms(entry.rooms) }),
    ...(entry.lifetimeMinutes === undefined ? {} : { maxLifetimeMinutes: entry.lifetimeMinutes.max }),
    ...(entry.ratePerMinute === undefined ? {} : { ratePerMinute: entry.ratePerMinute }),
  }
}

/** Parses the `rooms` of a caller or an issuer: `own`, `consultations`, or a pattern. */
export const parseRooms = (rooms: string): NonNullable<Caller['rooms']> =>
  CONSULTATION_BOUND.find((value) => value === rooms) ?? compileRoomPattern(rooms)
