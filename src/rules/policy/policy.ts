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

/** The values of `rooms` that limit a caller to the rooms of consultations. Any other value is a pattern. */
export const CONSULTATION_BOUND = [OWN_ROOMS, CONSULTATION_ROOMS] as const

/** An authenticated caller, and what the policy permits it to request. */
export type Caller = {
  /** For a backend, its id in the policy; for a signed-in user, the issuer. */
  id: string
  roles: ReadonlySet<string>
  scopes: ReadonlySet<Scope>
  /**
   * A pattern that room names must match in addition to the pattern of the policy; or `consultations` for rooms of
   * consultations; or `own` for consultations in which the signed-in user participates.
   */
  rooms?: RegExp | (typeof CONSULTATION_BOUND)[number]
  maxLifetimeMinutes?: number
  ratePerMinute?: number
  /** The verified identity of a signed-in user. A backend has none, and its requests name the user. */
  user?: { id: string; name?: string; email?: string }
}

/** A policy file compiled for decisions. */
export type Policy = {
  rooms: RegExp
  roles: ReadonlyMap<string, RolePolicy>
  /** Template for the room names of consultations. */
  roomTemplate: string
  window: Window
  /** Backends by id. Issuers are keys with the value undefined: their callers are created from access tokens. */
  callers: ReadonlyMap<string, Caller | undefined>
}

/**
 * Compiles a room pattern. It matches whole room names, with or without anchors in the pattern.
 * @param pattern a regular expression for the u flag
 * @throws SyntaxError if the pattern does not compile
 */
export function compileRoomPattern(pattern: string): RegExp {
  // The pattern is compiled alone first: `a)|(?:b` is invalid alone, but would compile inside the group below.
  const { source } = new RegExp(pattern, 'u')
  return new RegExp(`^(?:${source})$`, 'u')
}

/** Compiles a policy. @param file a checked policy file */
export function createPolicy({ rooms, roles, window = {}, callers = [], issuers = [] }: PolicyFile): Policy {
  const minutesBefore = { ...DEFAULT_ADMISSION_WINDOW.minutesBefore, ...window.minutesBefore }
  return {
    rooms: compileRoomPattern(rooms.pattern),
    roles: new Map(Object.entries(roles)),
    roomTemplate: rooms.template ?? DEFAULT_ROOM_TEMPLATE,
    window: {
      beforeMs: new Map(Object.entries(minutesBefore).map(([role, minutes]) => [role, minutes * MINUTE_MS])),
      otherBeforeMs: DEFAULT_ADMISSION_WINDOW.otherMinutesBefore * MINUTE_MS,
      graceMs: (window.graceMinutes ?? DEFAULT_ADMISSION_WINDOW.graceMinutes) * MINUTE_MS,
    },
    callers: new Map<string, Caller | undefined>([
      ...callers.map((each) => [each.id, createCaller(each)] as const),
      ...issuers.map(({ issuer }) => [issuer, undefined] as const),
    ]),
  }
}

/** Creates the caller for a backend. @param entry its entry in a checked policy file */
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

/**
 * Parses the `rooms` of a caller or an issuer.
 * @param rooms `own`, `consultations` or a valid pattern
 */
export const parseRooms = (rooms: string): NonNullable<Caller['rooms']> =>
  CONSULTATION_BOUND.find((value) => value === rooms) ?? compileRoomPattern(rooms)
