import type { AuditEntry } from '../contract/audit.ts'
import type { Claims, TokenHeader } from '../contract/claims.ts'
import type { Caller } from '../rules/policy.ts'

/** Tells the time, in epoch milliseconds. */
export type Clock = () => number

/** Makes an id that nobody can guess (at least 122 bits of chance). */
export type NewId = () => string

/** Signs with the active key. */
export type Signer = {
  /** Id of the key: its file's name without `.pem`. */
  keyId: string
  /**
   * @returns the token in compact form (RFC 7515)
   * @throws ServiceFault `overloaded` when too many signatures wait
   */
  sign(header: TokenHeader, claims: Claims): Promise<string>
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

/** Knows the callers. */
export type CallerDirectory = {
  /** @param credential what stands after `Bearer`; @returns the caller, or undefined where nobody has this credential */
  authenticate(credential: string): Promise<Caller | undefined>
}
