import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { IssuerPolicy } from '../contract/policy/policy.ts'
import type { RejectionReason } from '../contract/rejection-reason.ts'
import { rejectAccessToken } from '../rules/policy/access-token.ts'
import { signedInUser } from '../rules/policy/identity.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Clock, Rejection } from '../service/ports.ts'

const LEEWAY_SECONDS = 30

/** An issuer of the policy, with its public keys. */
export type Issuer = { policy: IssuerPolicy; keys: JWTVerifyGetKey }

const reject = (reason: RejectionReason): Rejection => ({ code: 'unauthenticated', reason })

/**
 * Creates the authentication of users by access tokens. Keys come from the issuer only: the header parameters `jwk`, `jku`,
 * `x5c` and `x5u` are ignored. Algorithms are those that the policy lists.
 * @returns a function that finds the user of an access token, or returns the rejection `unauthenticated`,
 *   `step-up-required`; it throws ServiceFault `identity-provider-unavailable`
 */
export function createAccessTokenCallers(issuers: readonly Issuer[], clock: Clock) {
  const issuersByUrl = new Map(issuers.map((issuer) => [issuer.policy.issuer, issuer]))
  return async (token: string): Promise<Caller | Rejection> => {
    const iss = issuerOf(token)
    if (iss === 'malformed') return reject('malformed')
    const issuer = issuersByUrl.get(iss.url ?? '')
    if (issuer === undefined) return reject('iss')
    const claims = await verify(token, issuer, clock())
    if (typeof claims === 'string') return reject(claims)
    const { requiredAcr } = issuer.policy
    if (requiredAcr !== undefined && !requiredAcr.some((acr) => acr === claims['acr'])) {
      return { code: 'step-up-required', reason: 'acr', acrValues: requiredAcr }
    }
    return signedInUser(issuer.policy, claims) ?? reject('sub')
  }
}

/** Reads the unverified `iss`, to select the issuer whose keys verify the token. */
function issuerOf(token: string): { url: string | undefined } | 'malformed' {
  try {
    return { url: decodeJwt(token).iss }
  } catch {
    return 'malformed'
  }
}

/** @returns the claims of a valid access token, otherwise the failed check */
async function verify(token: string, { policy, keys }: Issuer, nowMs: number): Promise<JWTPayload | RejectionReason> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: policy.issuer,
      audience: policy.audience,
      algorithms: [...policy.algorithms],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    })
    return rejectAccessToken(policy, protectedHeader, payload) ?? payload
  } catch (error) {
    if (error instanceof ServiceFault) throw error
    if (error instanceof errors.JOSEError || error instanceof TypeError) return reasonOf(error)
    throw error
  }
}

/** The claims that jose checks after the signature. */
const CHECKED_CLAIMS = ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat'] as const

/** @returns the check that failed, by the error of jose */
function reasonOf(error: Error): RejectionReason {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'alg'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'unknown-key'
  }
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
    return CHECKED_CLAIMS.find((name) => name === error.claim) ?? 'malformed'
  }
  return 'malformed'
}
