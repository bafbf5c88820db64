/**
 * Why a credential was rejected. The reason appears in the log only: the answer is the same for every reason, so that it
 * tells nothing to a client that guesses. The names are those of the claims and header parameters, or:
 *
 * - `none`, `malformed`: there is no credential, or more than one; or the credential is neither an API key nor a JWT
 * - `api-key`, `api-key-validity`: the API key is unknown; or it is known, but not valid yet or expired
 * - `unknown-key`, `signature`: the issuer publishes no such key; or the signature does not match it
 * - `kind`: the token is an ID token, refresh token, logout token or bound to a key (RFC 9449, RFC 8705)
 * - `access-token`: the token lacks what the policy requires of an access token
 * - `client`: the token was issued to a client that the policy does not list
 */
export type RejectionReason =
  | 'none'
  | 'malformed'
  | 'api-key'
  | 'api-key-validity'
  | 'iss'
  | 'alg'
  | 'unknown-key'
  | 'signature'
  | 'aud'
  | 'exp'
  | 'nbf'
  | 'iat'
  | 'sub'
  | 'typ'
  | 'kind'
  | 'access-token'
  | 'client'
  | 'acr'
