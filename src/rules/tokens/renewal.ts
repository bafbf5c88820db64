import { CONSULTATION_ROOMS } from '../../contract/policy/policy.ts'
import { MIN_LIFETIME_MINUTES, type TokenRequest } from '../../contract/tokens/token.ts'
import type { Participant } from '../consultations/consultation.ts'
import type { Deployment } from './deployment.ts'
import type { Caller, Policy } from '../policy/policy.ts'
import type { ParsedToken } from './parse-token.ts'
import { type JsonObject, objectAt } from '../json.ts'

/** How long after its end a token may still be renewed, in seconds: a phone that slept, or a network that was away. */
export const RENEWABLE_SECONDS = 600

/** What a token to be renewed says. */
export type Renewable = {
  jti: string
  /** When it was issued, in epoch milliseconds, to the second. */
  issuedAt: number
  lifetimeSeconds: number
  room: string
  user: { id: string; name: string; avatar?: string; email?: string }
  moderator: boolean
}

/**
 * Reads a token as this service makes them. Its signature is another's to check.
 * @param now epoch milliseconds
 * @returns what it says; undefined where it is none of ours, not valid yet, or expired for longer than may be
 */
export function parseRenewableToken(
  { header, claims }: ParsedToken,
  deployment: Deployment,
  now: number,
): Renewable | undefined {
  const { room, jti } = claims
  const says = objectAt(objectAt(claims, 'context'), 'user')
  const user = userOf(says)
  const times = timesOf(claims, now)
  if (!isHeaderOf(header, deployment) || !isPartyOf(claims, deployment)) return undefined
  if (typeof room !== 'string' || typeof jti !== 'string' || user === undefined || times === undefined) return undefined
  return { jti, room, user, moderator: says['moderator'] === true, ...times }
}

const isHeaderOf = ({ alg, typ, kid }: JsonObject, { algorithm, kidPrefix }: Deployment): boolean =>
  alg === algorithm &&
  typ === 'JWT' &&
  (algorithm === 'HS256' ? kid === undefined : typeof kid === 'string' && kid.startsWith(kidPrefix))

const isPartyOf = ({ iss, aud, sub }: JsonObject, { issuer, audience, subject }: Deployment): boolean =>
  iss === issuer && aud === audience && sub === subject

function timesOf(
  { iat, nbf, exp }: JsonObject,
  now: number,
): Pick<Renewable, 'issuedAt' | 'lifetimeSeconds'> | undefined {
  if (!isSeconds(iat) || !isSeconds(nbf) || !isSeconds(exp)) return undefined
  if (now < nbf * 1000 || now > (exp + RENEWABLE_SECONDS) * 1000) return undefined
  return { issuedAt: iat * 1000, lifetimeSeconds: exp - iat }
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value)

function userOf({ id, name, avatar, email }: JsonObject): Renewable['user'] | undefined {
  if (typeof id !== 'string' || typeof name !== 'string') return undefined
  return {
    id,
    name,
    ...(typeof avatar === 'string' ? { avatar } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  }
}

/** Whether a token is from the time since when somebody takes part in a role; it is known to the second. */
export const isIssuedSince = ({ issuedAt }: Renewable, { since }: Participant): boolean =>
  issuedAt >= Math.floor(since / 1000) * 1000

/**
 * Whether a token would moderate no more than it did: one that a caller had made for any room, in a role of its own choice,
 * must not become one of the role that the person has in the consultation.
 */
export const grantsNoMore = ({ roles }: Policy, { moderator }: Renewable, { role }: Participant): boolean =>
  moderator || roles.get(role)?.moderator !== true

/**
 * Whoever had a token asked for, as far as the policy still lets that caller.
 * @returns a caller for the role of this participant alone; undefined where it may not, or the policy does not know it
 */
export function currentCaller({ callers }: Policy, { via, role }: Participant): Caller | undefined {
  if (via === undefined || !callers.has(via)) return undefined
  const machine = callers.get(via)
  if (machine === undefined) return createRenewalCaller(via, role)
  const may = machine.scopes.has('tokens:issue') && machine.roles.has(role) && machine.rooms === CONSULTATION_ROOMS
  return may ? machine : undefined
}

/** A caller that asks for tokens in one role, in the rooms of consultations. */
export const createRenewalCaller = (id: string, role: string): Caller => ({
  id,
  roles: new Set([role]),
  scopes: new Set(['tokens:issue']),
  rooms: CONSULTATION_ROOMS,
})

/** The request for the token that takes the place of another: the same person and room, for at most as long. */
export function renewalRequest(policy: Policy, caller: Caller, token: Renewable, role: string): TokenRequest {
  const { id, name, avatar, email } = token.user
  const most = Math.min(policy.roles.get(role)?.lifetimeMinutes.max ?? Infinity, caller.maxLifetimeMinutes ?? Infinity)
  const minutes = Math.max(MIN_LIFETIME_MINUTES, Math.floor(token.lifetimeSeconds / 60))
  return {
    roomId: token.room,
    userId: id,
    userName: name,
    ...(avatar === undefined ? {} : { userAvatar: avatar }),
    ...(email === undefined ? {} : { userEmail: email }),
    expirationMinutes: Math.min(most, minutes),
  }
}
