import { CONSULTATION_ROOMS } from '../../contract/policy/policy.ts'
import { MIN_LIFETIME_MINUTES, type TokenRequest } from '../../contract/tokens/token.ts'
import type { Participant } from '../consultations/consultation.ts'
import { type JsonObject, objectAt } from '../json.ts'
import type { Caller, Policy } from '../policy/policy.ts'
import type { Deployment } from './deployment.ts'
import type { ParsedToken } from './parse-token.ts'
import { type CarriedFields, type DerivedField, readCarriedFields } from './request-fields.ts'

/** How long after its expiry a token may still be renewed, in seconds. It covers a sleeping phone and a lost network. */
export const RENEWABLE_SECONDS = 600

/** What a token says that may be renewed. */
export type Renewable = {
  jti: string
  /** Epoch milliseconds, in whole seconds. */
  issuedAt: number
  lifetimeSeconds: number
  fields: CarriedFields
  moderator: boolean
}

/**
 * Reads a token of this service. The caller verifies its signature.
 * @param now epoch milliseconds
 * @returns what the token says; undefined for a token that this deployment does not issue, that is not valid yet, or that
 *   expired more than `RENEWABLE_SECONDS` ago
 */
export function parseRenewableToken(
  { header, claims }: ParsedToken,
  deployment: Deployment,
  now: number,
): Renewable | undefined {
  const { jti } = claims
  const fields = readCarriedFields(claims)
  const times = parseTimes(claims, now)
  if (!isHeaderOf(header, deployment) || !isPartyOf(claims, deployment)) return undefined
  if (typeof jti !== 'string' || fields === undefined || times === undefined) return undefined
  const moderator = objectAt(objectAt(claims, 'context'), 'user')['moderator'] === true
  return { jti, fields, moderator, ...times }
}

const isHeaderOf = ({ alg, typ, kid }: JsonObject, { algorithm, kidPrefix }: Deployment): boolean =>
  alg === algorithm &&
  typ === 'JWT' &&
  (algorithm === 'HS256' ? kid === undefined : typeof kid === 'string' && kid.startsWith(kidPrefix))

const isPartyOf = ({ iss, aud, sub }: JsonObject, { issuer, audience, subject }: Deployment): boolean =>
  iss === issuer && aud === audience && sub === subject

function parseTimes(
  { iat, nbf, exp }: JsonObject,
  now: number,
): Pick<Renewable, 'issuedAt' | 'lifetimeSeconds'> | undefined {
  if (!isSeconds(iat) || !isSeconds(nbf) || !isSeconds(exp)) return undefined
  if (now < nbf * 1000 || now > (exp + RENEWABLE_SECONDS) * 1000) return undefined
  return { issuedAt: iat * 1000, lifetimeSeconds: exp - iat }
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value)

/**
 * Whether a token was issued since its participant has the present role. `iat` has whole seconds, so a token of the same
 * second counts.
 */
export const isIssuedSince = ({ issuedAt }: Renewable, { since }: Participant): boolean =>
  issuedAt >= Math.floor(since / 1000) * 1000

/**
 * Whether the renewed token would not become a moderator's. A caller may have chosen a role freely for the first token, so a
 * token without moderation must not be exchanged for one with it.
 */
export const grantsNoMore = ({ roles }: Policy, { moderator }: Renewable, { role }: Participant): boolean =>
  moderator || roles.get(role)?.moderator !== true

/**
 * Finds the caller who requested the last token of a participant, with what the policy permits that caller now.
 * @returns a caller for the role of this participant only; undefined where the policy does not know the caller or no longer
 *   permits it to issue tokens for this role in consultations
 */
export function currentCaller({ callers }: Policy, { via, role }: Participant): Caller | undefined {
  if (via === undefined || !callers.has(via)) return undefined
  const machine = callers.get(via)
  if (machine === undefined) return createRenewalCaller(via, role)
  const mayIssue = machine.scopes.has('tokens:issue') && machine.roles.has(role) && machine.rooms === CONSULTATION_ROOMS
  return mayIssue ? machine : undefined
}

/** A caller that may request tokens for one role, in the rooms of consultations. */
export const createRenewalCaller = (id: string, role: string): Caller => ({
  id,
  roles: new Set([role]),
  scopes: new Set(['tokens:issue']),
  rooms: CONSULTATION_ROOMS,
})

/**
 * The request for the token that replaces another one: same person, same room, and a lifetime that is not longer, except that
 * it is never shorter than the shortest lifetime that can be requested.
 */
export function renewalRequest(policy: Policy, caller: Caller, token: Renewable, role: string): TokenRequest {
  const minutes = Math.max(MIN_LIFETIME_MINUTES, Math.floor(token.lifetimeSeconds / 60))
  const maxMinutes = Math.min(
    policy.roles.get(role)?.lifetimeMinutes.max ?? Infinity,
    caller.maxLifetimeMinutes ?? Infinity,
  )
  const { userRole: _named, ...derived } = {
    // The consultation names the role.
    userRole: undefined,
    expirationMinutes: Math.min(maxMinutes, minutes),
  } satisfies Record<DerivedField, unknown>
  return { ...token.fields, ...derived }
}
