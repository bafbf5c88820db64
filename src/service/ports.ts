import type { AuditEntry } from '../contract/audit/audit-entry.ts'
import type { TokenSubject } from '../rules/revocation.ts'
import type { Refusal } from '../contract/problem.ts'
import type { RejectionReason } from '../contract/rejection-reason.ts'
import type { Take } from '../rules/gcra.ts'
import type { BucketKey } from '../rules/limits.ts'
import type { Caller } from '../rules/policy/policy.ts'

/** @returns the current time, in epoch milliseconds */
export type Clock = () => number

/** Creates a unique id. Later ids sort after earlier ones (UUIDv7, RFC 9562), so that database indexes grow at their end. */
export type NewId = () => string

/** Creates a secret of random bytes, in hex. */
export type NewSecret = (bytes: number) => string

/** Does a piece of work inside a trace span of this name. */
export type Trace = <T>(name: 'decide' | 'sign' | 'record', work: () => T) => T

/** The refusal of a credential, and its reason, which is for the log only. */
export type Rejection = Refusal & { code: 'unauthenticated' | 'step-up-required'; reason: RejectionReason }

/** Authenticates callers. */
export type CallerDirectory = {
  /**
   * @param credential the text after `Bearer`
   * @returns the caller, or a rejection: `unauthenticated`, the same for every invalid credential, or `step-up-required`
   * @throws ServiceFault `identity-provider-unavailable` if the keys of the issuer are not available
   */
  authenticate(credential: string): Promise<Caller | Rejection>
}

/** Counts requests per key against limits per minute. It never throws. */
export type RateLimiter = {
  /** Takes one token from the bucket of a key. */
  take(key: BucketKey, perMinute: number): Promise<Take>
}

/** Checks tokens against the revocations in force. */
export type RevocationIndex = {
  /**
   * @returns whether a new token for this subject, or the renewal of one, is revoked
   * @throws ServiceFault `record-unavailable`
   */
  isRevoked(subject: TokenSubject): boolean | Promise<boolean>
}

/** Writes the audit record. */
export type Ledger = {
  /**
   * Resolves when the entry is on disk.
   * @returns the position of the entry, `<chain>:<sequence>`, for an entry that undoes it
   * @throws ServiceFault `record-unavailable` if it cannot be written
   */
  append(entry: AuditEntry): Promise<string>
  /** Resolves if an entry could be written now. @throws ServiceFault `record-unavailable` */
  probe(): Promise<void>
}

/** A network that failed logins are counted for, and by how much its limit exceeds that of a single address. */
export type FailureNetwork = { network: string; factor: number }

/** Records the refusals of callers that are not known, which anyone can cause in any number. */
export type FailureRecorder = {
  /**
   * Records a refusal. The first one of a network is in the record when this function returns. Further ones of the same
   * network, action and code are counted until `flush`, so that nobody can fill the record.
   * @throws ServiceFault `record-unavailable`
   */
  record(entry: AuditEntry, networks: readonly FailureNetwork[]): Promise<void>
  /**
   * Writes one entry with a count for each network that had further refusals. Call it once a minute and before the end.
   * @throws ServiceFault `record-unavailable`; the counts are kept for the next call
   */
  flush(): Promise<void>
}
