import type { AuditEntry } from '../contract/audit/audit-entry.ts'
import type { TokenSubject } from '../rules/revocation.ts'
import type { Refusal } from '../contract/problem.ts'
import type { Take } from '../rules/gcra.ts'
import type { BucketKey } from '../rules/limits.ts'
import type { Caller } from '../rules/policy/policy.ts'

/** Tells the time, in epoch milliseconds. */
export type Clock = () => number

/** Makes an id that no other instance makes; later ones sort behind (UUIDv7, RFC 9562), so that indexes grow at their end. */
export type NewId = () => string

/** Makes something that nobody can guess: as many random bytes, in hex. */
export type NewSecret = (bytes: number) => string

/** Does a piece of work, and tells whoever traces requests that it was done, by a name. */
export type Trace = <T>(name: 'decide' | 'sign' | 'record', work: () => T) => T

/** Knows the callers. */
export type CallerDirectory = {
  /**
   * @param credential what stands after `Bearer`
   * @returns the caller, or `unauthenticated`, the same for every credential that nobody has, or `step-up-required`
   * @throws ServiceFault `identity-provider-unavailable` where nobody could tell
   */
  authenticate(credential: string): Promise<Caller | Refusal>
}

/** Counts what is asked for, each key apart. Limits are per minute. It never throws. */
export type RateLimiter = {
  /** Takes one from the bucket of a key. */
  take(key: BucketKey, perMinute: number): Promise<Take>
  /** Counts a failure; past the limit the key is banned, each time for longer. @returns milliseconds of the ban, or 0 */
  fail(key: BucketKey, perMinute: number): Promise<number>
  /** @returns milliseconds until a ban ends, or 0 */
  bannedMs(key: BucketKey): Promise<number>
}

/** Knows who is revoked. */
export type RevocationIndex = {
  /** Whether a token, or a renewal, is revoked. Throws ServiceFault `record-unavailable` where nobody could tell. */
  isRevoked(entrant: TokenSubject): boolean | Promise<boolean>
}

/** Keeps the record. */
export type Ledger = {
  /**
   * Resolves once the entry is on disk.
   * @throws ServiceFault `record-unavailable` when it cannot be kept
   */
  append(entry: AuditEntry): Promise<void>
  /** Resolves when an entry could be kept now; throws like `append`. */
  probe(): Promise<void>
}
