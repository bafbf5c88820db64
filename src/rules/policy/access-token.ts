import type { AccessTokenPolicy } from '../../contract/policy/access-token-policy.ts'
import type { IssuerPolicy } from '../../contract/policy/policy.ts'
import type { RejectionReason } from '../../contract/rejection-reason.ts'
import type { JsonObject } from '../json.ts'

/** The types of access tokens (RFC 9068, section 2.1). Media types are case-insensitive (RFC 7515, section 4.1.9). */
const ACCESS_TOKEN_TYPES = new Set(['at+jwt', 'application/at+jwt'])

/**
 * Claims of tokens that are no bearer access tokens: ID tokens (OpenID Connect Core 1.0, sections 2 and 3.3.2.11), logout and
 * security event tokens (RFC 8417), and tokens bound to a key whose possession is not verified here (RFC 7800).
 */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'cnf']

/** Claims in which issuers name the kind of a token: Keycloak `typ`, Amazon Cognito `token_use`, and common variants. */
const KIND_CLAIMS = ['typ', 'token_use', 'token_type', 'use']

/** The values of these claims in access tokens, in lower case. */
const ACCESS_KINDS = new Set(['bearer', 'access', 'access_token', 'access-token', 'at+jwt'])

/** The part of the policy of an issuer that access tokens are checked against. */
type TokenRules = Pick<IssuerPolicy, 'accessToken' | 'clients'>

/**
 * Checks that a token is an access token of a permitted client. An issuer publishes one key set for all its tokens, so the
 * signature alone does not tell an access token from an ID token with the same audience (RFC 9068, section 5).
 * @param header the protected header of the token; its signature is valid
 * @param claims the claims of the token
 * @returns undefined for an access token, otherwise the failed check
 */
export function rejectAccessToken(
  { accessToken, clients }: TokenRules,
  header: JsonObject,
  claims: JsonObject,
): RejectionReason | undefined {
  if (FOREIGN_CLAIMS.some((name) => Object.hasOwn(claims, name))) return 'kind'
  if (!KIND_CLAIMS.every((name) => isAccessKind(claims, name, accessToken))) return 'kind'
  const typed = hasAccessTokenType(header)
  if (!typed && !isTypeAllowed(header, accessToken)) return 'typ'
  if (!typed && !meets(accessToken ?? {}, claims)) return 'access-token'
  return clients === undefined || isClientAllowed(clients, claims) ? undefined : 'client'
}

/** Whether the claim that names the kind of token is absent, names an access token, or has a value that the policy lists. */
function isAccessKind(claims: JsonObject, name: string, accessToken: AccessTokenPolicy | undefined): boolean {
  if (!Object.hasOwn(claims, name)) return true
  const value = claims[name]
  if (typeof value !== 'string') return false
  const { claim } = accessToken ?? {}
  return ACCESS_KINDS.has(value.toLowerCase()) || (claim?.name === name && claim.values.includes(value))
}

const hasAccessTokenType = ({ typ }: JsonObject): boolean =>
  typeof typ === 'string' && ACCESS_TOKEN_TYPES.has(typ.toLowerCase())

/** Without the type of RFC 9068, the policy decides: its own type, or no type or `JWT` if it names another condition. */
function isTypeAllowed({ typ }: JsonObject, accessToken: AccessTokenPolicy | undefined): boolean {
  if (accessToken === undefined || (typ !== undefined && typeof typ !== 'string')) return false
  if (accessToken.typ !== undefined) return typ?.toLowerCase() === accessToken.typ.toLowerCase()
  return typ === undefined || typ.toLowerCase() === 'jwt'
}

const meets = ({ claim, scope }: AccessTokenPolicy, claims: JsonObject): boolean =>
  (claim === undefined || valuesOf(claims, claim.name).some((value) => claim.values.includes(value))) &&
  (scope === undefined || scopesOf(claims).includes(scope))

const valuesOf = (claims: JsonObject, name: string): string[] => {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  return (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string')
}

/** The scopes of a token: `scope` is one string separated by spaces (RFC 8693, section 4.2), some issuers use `scp` or a list. */
const scopesOf = (claims: JsonObject): string[] =>
  ['scope', 'scp'].flatMap((name) => valuesOf(claims, name).flatMap((value) => value.split(' ')))

/** Every claim that names the client must be in the list, and at least one must be present. */
function isClientAllowed(clients: readonly string[], claims: JsonObject): boolean {
  const named = ['azp', 'client_id'].filter((name) => Object.hasOwn(claims, name)).map((name) => claims[name])
  return named.length > 0 && named.every((value) => typeof value === 'string' && clients.includes(value))
}
