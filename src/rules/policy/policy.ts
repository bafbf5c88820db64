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

/** The words that stand in place of a pattern, for whose rooms consultations decide. */
export const CONSULTATION_BOUND = [OWN_ROOMS, CONSULTATION_ROOMS] as const

/** Who asks, once known: what the policy lets this caller ask for. */
export type Caller = {
  /** Of a machine its id in the policy; of a signed-in user the issuer. */
  id: string
  roles: ReadonlySet<string>
  scopes: ReadonlySet<Scope>
  /** Narrower than the rooms of the policy, or a word: those of consultations, of a user the user's own. */
  rooms?: RegExp | (typeof CONSULTATION_BOUND)[number]
  maxLifetimeMinutes?: number
  ratePerMinute?: number
  /** The person who signed in, as verified; a machine has none and names whomever it likes. */
  user?: { id: string; name?: string; email?: string }
}

/** The policy, ready to decide by. */
export type Policy = {
  rooms: RegExp
  roles: ReadonlyMap<string, RolePolicy>
  /** How rooms of consultations are named, and when their doors are open. */
  roomTemplate: string
  window: Window
  /** Whoever may ask, by id: of machines what they may, of issuers of users that they are there. */
  callers: ReadonlyMap<string, Caller | undefined>
}

/**
 * A pattern as the policy means it: held against the whole name, whether its author anchored it or not.
 * @param pattern a regular expression, read with the u flag
 * @throws SyntaxError where it does not compile
 */
export function compileRoomPattern(pattern: string): RegExp {
  // Compiled alone first: `a)|(?:b` would otherwise become valid inside the group, and match other names.
  const { source } = new RegExp(pattern, 'u')
  return new RegExp(`^(?:${source})$`, 'u')
}

/** @param file a checked policy file */
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

/** @param entry a caller of a checked policy file */
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

/** @param rooms what the policy says of a caller's or an issuer's: a word, or a pattern */
export const parseRooms = (rooms: string): NonNullable<Caller['rooms']> =>
  CONSULTATION_BOUND.find((word) => word === rooms) ?? compileRoomPattern(rooms)
