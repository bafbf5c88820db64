import type { AuditEntry, ChainedEntry } from '../contract/audit.ts'
import type { Claims, TokenHeader } from '../contract/claims.ts'
import type { ChainHead, Checkpoint } from '../contract/checkpoint.ts'
import type { Refusal } from '../contract/problem.ts'
import type { Search } from '../rules/audit-query.ts'
import type { Take } from '../rules/gcra.ts'
import type { KnownKey } from '../rules/key-ring.ts'
import type { Caller } from '../rules/policy.ts'

/** Tells the time, in epoch milliseconds. */
export type Clock = () => number

/** Makes an id that nobody can guess (at least 122 bits of chance). */
export type NewId = () => string

/** Signs with one key. */
export type Signer = {
  /** Id of the key: its file's name without `.pem`; undefined for a shared secret. */
  keyId?: string
  /**
   * @returns the token in compact form (RFC 7515)
   * @throws ServiceFault `overloaded` when too many signatures wait
   */
  sign(header: TokenHeader, claims: Claims): Promise<string>
  /** Signs a checkpoint. @param kid undefined for a shared secret */
  attest(checkpoint: Checkpoint, kid: string | undefined): Promise<string>
}

/** What verifiers are told of the keys. */
export type Publication = {
  /** A JWK set as JSON (RFC 7517), and its entity tag. */
  jwks: string
  etag: string
  /** SPKI in PEM by the hex SHA-256 of the whole kid. */
  pems: ReadonlyMap<string, string>
}

/** What a signature is worth. */
export type Verdict = 'valid' | 'invalid' | 'unknown-key'

/** The keys in force. */
export type Keys = {
  signer(): Signer
  publication(): Publication
  /** The state of the key of a kid; undefined where there is none. */
  stateOf(kid: string): 'active' | 'next' | 'retired' | undefined
  /** Checks the signature of a token, and nothing else of it. @param kid undefined for a shared secret */
  verify(token: string, kid: string | undefined): Promise<Verdict>
  /**
   * Signs a checkpoint with the active key.
   * @returns a JWS in compact form (RFC 7515), of the type of a checkpoint
   * @throws ServiceFault `overloaded`
   */
  attest(checkpoint: Checkpoint): Promise<string>
  /** Whether what lies there is broken, so that an older ring is in force. */
  stale(): boolean
}

export type { KnownKey, Search }

/** Knows every key that was ever seen. Throws ServiceFault `record-unavailable`. */
export type KeyRegister = {
  list(): Promise<KnownKey[]>
  save(keys: readonly KnownKey[]): Promise<void>
  /** When a key signed last, and when the longest-lived token that it signed is dead; undefined where it never signed. */
  signed(kid: string): Promise<{ lastAt: number; deadAt: number } | undefined>
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

/** Reads the record. Throws ServiceFault `record-unavailable`. */
export type AuditReader = {
  /** The ids of all chains, the oldest first. */
  chains(): Promise<string[]>
  /** The last entry of each chain. */
  heads(): Promise<ChainHead[]>
  /** Up to a thousand entries of a chain that follow a sequence, in order. */
  page(chain: string, after: number): Promise<ChainedEntry[]>
  entry(chain: string, sequence: number): Promise<ChainedEntry | undefined>
  /** Newest first. */
  search(search: Search): Promise<ChainedEntry[]>
}

/** Keeps checkpoints. Throws ServiceFault `record-unavailable`. */
export type CheckpointStore = {
  add(time: number, jws: string): Promise<void>
  /** Up to a hundred checkpoints after a number, in order, with their numbers. */
  page(after: number): Promise<{ number: number; jws: string }[]>
}

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
  take(key: string, perMinute: number): Promise<Take>
  /** Counts a failure; past the limit the key is banned, each time for longer. @returns milliseconds of the ban, or 0 */
  fail(key: string, perMinute: number): Promise<number>
  /** @returns milliseconds until a ban ends, or 0 */
  bannedMs(key: string): Promise<number>
}
