import { CONSULTATION_ROOMS } from '../../contract/policy/policy.ts'
import { MIN_LIFETIME_MINUTES, type TokenRequest } from '../../contract/tokens/token.ts'
import type { Participant } from '../consultations/consultation.ts'
import { type JsonObject, objectAt } from '../json.ts'
import { createRoleCaller, type Caller, type Policy } from '../policy/policy.ts'
import type { Deployment } from './deployment.ts'
import type { ParsedToken } from './parse-token.ts'
import { type CarriedFields, type DerivedField, readCarriedFields } from './request-fields.ts'

/** How long after its expiry a token may still be renewed, in seconds. It covers a sleeping phone and a lost network. */
export const RENEWABLE_SECONDS = 600

/** The content of a token of this service that its renewal depends on. Times are epoch milliseconds, in whole seconds. */
export type Renewable = {
  jti: string
  issuedAt: number
  validFrom: number
  expiresAt: number
  lifetimeSeconds: number
  fields: CarriedFields
  moderator: boolean
}

/**
 * Reads a token of this service. The caller verifies its signature.
 * @returns the content of the token; undefined for a token that this deployment does not issue
 */
export function parseRenewableToken({ header, claims }: ParsedToken, deployment: Deployment): Renewable | undefined {
  const { jti } = claims
  const fields = readCarriedFields(claims)
  const times = parseTimes(claims)
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

function parseTimes({ iat, nbf, exp }: JsonObject) {
  if (!isSeconds(iat) || !isSeconds(nbf) || !isSeconds(exp)) return undefined
  return { issuedAt: iat * 1000, validFrom: nbf * 1000, expiresAt: exp * 1000, lifetimeSeconds: exp - iat }
}

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value)

/**
 * Whether a token may be renewed at a time: it is valid, or expired at most `RENEWABLE_SECONDS` ago.
 * @param now epoch milliseconds
 */
export const isRenewableAt = ({ validFrom, expiresAt }: Renewable, now: number): boolean =>
  now >= validFrom && now <= expiresAt + RENEWABLE_SECONDS * 1000

/** How long after the first renewal of a token another one may be the repetition of a lost answer, in milliseconds. */
const RETRY_MS = 60_000

/**
 * Whether a renewal reuses a token that was renewed before. A client that lost the answer repeats its request at once; a later
 * renewal of the same token suggests that a second person has it (RFC 9700, section 4.14.2).
 * @param firstRenewedAt when the token was first renewed; undefined if it was not
 * @param now epoch milliseconds
 */
export const isReuse = (firstRenewedAt: number | undefined, now: number): boolean =>
  firstRenewedAt !== undefined && now - firstRenewedAt > RETRY_MS

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
  if (machine === undefined) return createRoleCaller(via, role)
  const mayIssue = machine.scopes.has('tokens:issue') && machine.roles.has(role) && machine.rooms === CONSULTATION_ROOMS
  return mayIssue ? machine : undefined
}

/**
 * The request for the token that replaces another one: same person, same room, and the same lifetime, rounded up to whole
 * minutes so that the new token never expires before the one it replaces. It is never shorter than the shortest lifetime that
 * can be requested, and never longer than the current policy permits.
 */
export function renewalRequest(policy: Policy, caller: Caller, token: Renewable, role: string): TokenRequest {
  const minutes = Math.max(MIN_LIFETIME_MINUTES, Math.ceil(token.lifetimeSeconds / 60))
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
