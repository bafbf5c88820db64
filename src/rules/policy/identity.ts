import { isValidId } from '../../contract/id.ts'
import type { IssuerPolicy } from '../../contract/policy/policy.ts'
import { OWN_ROOMS } from '../../contract/policy/policy.ts'
import { type Caller, parseRooms } from './policy.ts'
import { displayName, isEmail } from '../person.ts'

/** Verified claims of an access token. */
export type VerifiedClaims = Readonly<Record<string, unknown>>

/**
 * Creates the caller of an access token: a signed-in user, who may request tokens for that user only.
 * @param claims the claims of a verified access token
 * @returns the caller, or undefined if the token has no valid subject
 */
export function signedInUser(issuer: IssuerPolicy, claims: VerifiedClaims): Caller | undefined {
  const { sub, email } = claims
  if (!isValidId(sub)) return undefined
  const userId = `${issuer.userIdPrefix ?? ''}${sub}`
  if (!isValidId(userId)) return undefined
  const text = claimAt(claims, issuer.nameClaim)
  const name = typeof text === 'string' ? displayName(text) : undefined
  return {
    id: issuer.issuer,
    roles: new Set(
      stringsOf(claimAt(claims, issuer.roleClaim)).flatMap((value) => ownValue(issuer.roles, value) ?? []),
    ),
    scopes: new Set(issuer.rooms === OWN_ROOMS ? ['tokens:issue', 'consultations:attend'] : ['tokens:issue']),
    rooms: parseRooms(issuer.rooms),
    user: {
      id: userId,
      ...(name === undefined ? {} : { name }),
      ...(typeof email === 'string' && isEmail(email) && claims['email_verified'] !== false ? { email } : {}),
    },
  }
}

/**
 * Finds a claim by its name or, if there is no such claim, by a path of names separated by dots. Only own properties are read,
 * so that no path leads to a prototype.
 */
export function claimAt(claims: VerifiedClaims, path: string): unknown {
  return ownValue(claims, path) ?? path.split('.').reduce<unknown>((value, name) => ownValue(value, name), claims)
}

function ownValue<T>(holder: Readonly<Record<string, T>>, name: string): T | undefined
function ownValue(holder: unknown, name: string): unknown
function ownValue(holder: unknown, name: string): unknown {
  const isHolder = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
  return isHolder ? (holder as Record<string, unknown>)[name] : undefined
}

const stringsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string')
