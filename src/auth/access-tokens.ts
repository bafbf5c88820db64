import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { IssuerPolicy } from '../contract/policy/policy.ts'
import type { Refusal } from '../contract/problem.ts'
import { signedInUser } from '../rules/policy/identity.ts'
import type { Caller } from '../rules/policy/policy.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'

const LEEWAY_SECONDS = 30

/** What an access token may call itself, where it does (RFC 9068, section 2.1; RFC 7519, section 5.1). */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt'])

/** An issuer of the policy with its keys. */
export type Issuer = { policy: IssuerPolicy; keys: JWTVerifyGetKey }

const NOBODY: Refusal = { code: 'unauthenticated' }

/**
 * The users of some issuers, known by their access tokens. Keys come from the issuer alone: what a header carries or points
 * to (`jwk`, `jku`, `x5c`, `x5u`) is never looked at, and algorithms are those that the policy lists.
 * @returns finds the user of an access token
 * @throws ServiceFault `identity-provider-unavailable`, from the finder
 */
export function createAccessTokenCallers(issuers: readonly Issuer[], clock: Clock) {
  const known = new Map(issuers.map((issuer) => [issuer.policy.issuer, issuer]))
  return async (token: string): Promise<Caller | Refusal> => {
    const issuer = known.get(issuerOf(token) ?? '')
    const claims = issuer === undefined ? undefined : await verify(token, issuer, clock())
    if (issuer === undefined || claims === undefined) return NOBODY
    const { requiredAcr } = issuer.policy
    if (requiredAcr !== undefined && !requiredAcr.some((acr) => acr === claims['acr'])) {
      return { code: 'step-up-required', acrValues: requiredAcr }
    }
    return signedInUser(issuer.policy, claims) ?? NOBODY
  }
}

/** Which issuer a token says it is of: only to know whose keys decide. */
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
    // Whatever else is wrong with a token is its bearer's affair; why is nobody's who holds it.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}
