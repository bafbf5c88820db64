import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { IssuerPolicy } from '../contract/policy/policy.ts'
import type { Refusal } from '../contract/problem.ts'
import { signedInUser } from '../rules/policy/identity.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'

const LEEWAY_SECONDS = 30

/** The accepted values of `typ`, if an access token has one (RFC 9068, section 2.1; RFC 7519, section 5.1). */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt'])

/** An issuer of the policy, with its public keys. */
export type Issuer = { policy: IssuerPolicy; keys: JWTVerifyGetKey }

const UNAUTHENTICATED: Refusal = { code: 'unauthenticated' }

/**
 * Creates the authentication of users by access tokens. Keys come from the issuer only: the header parameters `jwk`, `jku`,
 * `x5c` and `x5u` are ignored. Algorithms are those that the policy lists.
 * @returns a function that finds the user of an access token, or returns `unauthenticated`, `step-up-required`; it throws
 *   ServiceFault `identity-provider-unavailable`
 */
export function createAccessTokenCallers(issuers: readonly Issuer[], clock: Clock) {
  const issuersByUrl = new Map(issuers.map((issuer) => [issuer.policy.issuer, issuer]))
  return async (token: string): Promise<Caller | Refusal> => {
    const issuer = issuersByUrl.get(issuerOf(token) ?? '')
    const claims = issuer === undefined ? undefined : await verify(token, issuer, clock())
    if (issuer === undefined || claims === undefined) return UNAUTHENTICATED
    const { requiredAcr } = issuer.policy
    if (requiredAcr !== undefined && !requiredAcr.some((acr) => acr === claims['acr'])) {
      return { code: 'step-up-required', acrValues: requiredAcr }
    }
    return signedInUser(issuer.policy, claims) ?? UNAUTHENTICATED
  }
}

/** Reads the unverified `iss`, to select the issuer whose keys verify the token. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

async function verify(token: string, { policy, keys }: Issuer, nowMs: number): Promise<JWTPayload | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: policy.issuer,
      audience: policy.audience,
      algorithms: [...policy.algorithms],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    })
    const { typ } = protectedHeader
    return typ === undefined || TYPES.has(typ.toLowerCase()) ? payload : undefined
  } catch (error) {
    if (error instanceof ServiceFault) throw error
    // Any other defect makes the token invalid; the answer does not say which one.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}
