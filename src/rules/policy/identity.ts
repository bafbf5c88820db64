import type { IssuerPolicy } from '../../contract/policy/policy.ts'
import { OWN_ROOMS } from '../../contract/policy/policy.ts'
import { type Caller, parseRooms } from './policy.ts'
import { displayName, isEmail } from '../person.ts'

/** Verified claims of an access token. */
export type VerifiedClaims = Readonly<Record<string, unknown>>

/** A `sub` has at most 255 ASCII characters (OpenID Connect Core 1.0, section 2). Spaces and controls are refused too. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/

/**
 * Creates the caller for the user of an access token. This caller may request tokens only for the user.
 * @param claims claims of the verified access token
 * @returns the caller, or undefined if `sub` is missing or unusable
 */
export function signedInUser(issuer: IssuerPolicy, claims: VerifiedClaims): Caller | undefined {
  const { sub, email } = claims
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) return undefined
  const nameClaim = claimAt(claims, issuer.nameClaim)
  const name = typeof nameClaim === 'string' ? displayName(nameClaim) : undefined
  const roleValues = stringsOf(claimAt(claims, issuer.roleClaim))
  return {
    id: issuer.issuer,
    roles: new Set(roleValues.flatMap((value) => ownProperty(issuer.roles, value) ?? [])),
    scopes: new Set(issuer.rooms === OWN_ROOMS ? ['tokens:issue', 'consultations:attend'] : ['tokens:issue']),
    rooms: parseRooms(issuer.rooms),
    user: {
      id: sub,
      ...(name === undefined ? {} : { name }),
      ...(typeof email === 'string' && isEmail(email) && claims['email_verified'] !== false ? { email } : {}),
    },
  }
}

/**
 * Finds a claim by its name, or else by a path of property names with dots between, such as `realm_access.roles`.
 * Only own properties are read, never those of a prototype.
 * @returns the value of the claim, or undefined
 */
export function claimAt(claims: VerifiedClaims, path: string): unknown {
  return ownProperty(claims, path) ?? path.split('.').reduce<unknown>((value, name) => ownProperty(value, name), claims)
}

function ownProperty<T>(holder: Readonly<Record<string, T>>, name: string): T | undefined
function ownProperty(holder: unknown, name: string): unknown
function ownProperty(holder: unknown, name: string): unknown {
  const hasProperty = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
  return hasProperty ? (holder as Record<string, unknown>)[name] : undefined
}

/** @returns the strings of a list, or a single string as a list */
const stringsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string')
