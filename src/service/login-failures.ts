import type { Refusal } from '../contract/problem.ts'
import type { BucketKey } from '../rules/limits.ts'
import { fingerprintSecret } from '../rules/secret.ts'
import type { FailureNetwork, RateLimiter } from './ports.ts'

/**
 * Counts a failed login against the networks of the client and against the credential, so that neither one client with many
 * guesses nor many clients with one guess pass unnoticed. The limit applies to failing requests only.
 * @param perMinute failed logins per minute of one address, and of one credential
 * @param secret the credential or code that was presented; only a fingerprint of it is counted
 * @returns `rate-limited` if a limit is exceeded; otherwise undefined
 */
export async function countFailure(
  { limiter }: { limiter: RateLimiter },
  perMinute: number,
  networks: readonly FailureNetwork[],
  secret: string,
): Promise<Refusal | undefined> {
  const buckets: [key: BucketKey, limit: number][] = [
    ...networks.map(({ network, factor }): [BucketKey, number] => [`failed:${network}`, perMinute * factor]),
    [`failed:credential:${fingerprintSecret(secret)}`, perMinute],
  ]
  const takes = await Promise.all(buckets.map(([key, limit]) => limiter.take(key, limit)))
  const retryAfterMs = Math.max(...takes.map((take) => (take.allowed ? 0 : take.retryAfterMs)))
  return takes.every(({ allowed }) => allowed)
    ? undefined
    : { code: 'rate-limited', retryAfterMs, limit: { name: 'failed', perMinute } }
}
