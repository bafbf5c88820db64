import type { PolicyFile } from '../contract/policy/policy.ts'
import type { CallerDirectory, Clock } from '../service/ports.ts'
import { createAccessTokenCallers, type Issuer } from './access-tokens.ts'
import { createApiKeyCallers } from './api-keys.ts'

/** Three parts of base64url with dots between (RFC 7515, section 7.1). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * Everybody whom a policy knows: machines by their API keys, signed-in users by their access tokens.
 * @param issuers the issuers of the policy, with their keys
 */
export function createCallerDirectory(
  { callers = [] }: PolicyFile,
  issuers: readonly Issuer[],
  clock: Clock,
): CallerDirectory {
  const byApiKey = createApiKeyCallers(callers, clock)
  const byAccessToken = createAccessTokenCallers(issuers, clock)
  return {
    authenticate: async (credential) =>
      COMPACT_JWS.test(credential) ? byAccessToken(credential) : (byApiKey(credential) ?? { code: 'unauthenticated' }),
  }
}
