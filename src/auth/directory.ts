import type { PolicyFile } from '../contract/policy/policy.ts'
import type { CallerDirectory, Clock } from '../service/ports.ts'
import { createAccessTokenCallers, type Issuer } from './access-tokens.ts'
import { createApiKeyCallers } from './api-keys.ts'

/** Three base64url parts separated by dots (RFC 7515, section 7.1). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * Creates the directory of a policy's callers: machines by API key, signed-in users by access token.
 * @param issuers the issuers of the policy, with their public keys
 */
export function createCallerDirectory(
  { callers = [] }: PolicyFile,
  issuers: readonly Issuer[],
  clock: Clock,
): CallerDirectory {
  const findByApiKey = createApiKeyCallers(callers, clock)
  const findByAccessToken = createAccessTokenCallers(issuers, clock)
  return {
    authenticate: async (credential) =>
      COMPACT_JWS.test(credential) ? findByAccessToken(credential) : findByApiKey(credential),
  }
}
