import type { Refusal } from '../../contract/problem.ts'
import type { Limits } from '../../rules/limits.ts'
import type { RateLimiter } from '../ports.ts'

/**
 * Takes one from the limit of a code, known or not, or of a bound browser, so that several people who wait do not share one
 * limit. The key holds only a part of the hash, which reveals nothing of the secret.
 */
export async function takeInvitationLimit(
  { limiter, limits }: { limiter: RateLimiter; limits: Pick<Limits, 'perInvitation'> },
  hash: string,
): Promise<Refusal | undefined> {
  const perMinute = limits.perInvitation
  const { allowed, retryAfterMs } = await limiter.take(`invitation:${hash.slice(0, 16)}`, perMinute)
  return allowed ? undefined : { code: 'rate-limited', retryAfterMs, limit: { name: 'invitation', perMinute } }
}
