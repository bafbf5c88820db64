import type { Entrant } from '../rules/revocation.ts'
import type { AuditEntry, ChainedEntry } from '../contract/audit/audit-entry.ts'
import type { Claims, TokenHeader } from '../contract/tokens/claims.ts'
import type { Attested, ChainHead, Stub } from '../contract/audit/checkpoint.ts'
import type { Refusal } from '../contract/problem.ts'
import type { Search } from '../rules/audit/query.ts'
import type { Take } from '../rules/gcra.ts'
import type { KnownKey } from '../rules/key-ring.ts'
import type { Caller } from '../rules/policy/policy.ts'

/** Tells the time, in epoch milliseconds. */
export type Clock = () => number

/** Makes an id that no other instance makes; later ones sort behind (UUIDv7, RFC 9562), so that indexes grow at their end. */
export type NewId = () => string

/** Makes something that nobody can guess: as many random bytes, in hex. */
export type NewSecret = (bytes: number) => string

/** Signs with one key. */
export type Signer = {
  /** Id of the key: its file's name without `.pem`; undefined for a shared secret. */
  keyId?: string
  /**
   * @param gone tells that nobody waits for the token any more; then it is not made
   * @returns the token in compact form (RFC 7515)
   * @throws ServiceFault `overloaded` when it would wait too long, `client-gone`
   */
  sign(header: TokenHeader, claims: Claims, gone?: () => boolean): Promise<string>
  /** Signs a statement about the record. @param kid undefined for a shared secret */
  attest<T extends keyof Attested>(type: T, statement: Attested[T], kid: string | undefined): Promise<string>
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
   * Signs a statement about the record with the active key.
   * @returns a JWS in compact form (RFC 7515), with the statement's type as its `typ`
   */
  attest<T extends keyof Attested>(type: T, statement: Attested[T]): Promise<string>
  /** Whether what lies there is broken, so that an older ring is in force. */
  stale(): boolean
}

/** Does a piece of work, and tells whoever traces requests that it was done, by a name. */
export type Trace = <T>(name: 'decide' | 'sign' | 'record', work: () => T) => T

/** How much signing there is to do. */
export type SigningLoad = {
  /** Whether somebody who comes now would be refused. */
  full(): boolean
  /** Milliseconds that somebody who comes now would wait. */
  expectedWaitMs(): number
  /** Milliseconds that a core takes for a signature, and for all else that a token costs it. */
  signatureMs(): number
  underWay(): number
  waiting(): number
}

/** How the ring stands. */
export type KeyRingStanding = {
  /** When the key that signs was first seen, in epoch milliseconds. */
  activeSince: number
  /** The state of each key. */
  states: ('active' | 'next' | 'retired')[]
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
  /** Up to a hundred ids of chains that follow an id, in order. */
  chains(after: string): Promise<string[]>
  /** The ends of the chains that have an entry of this time or later. */
  heads(since: number): Promise<ChainHead[]>
  /** Up to a thousand entries of a chain that follow a sequence, in order. */
  page(chain: string, after: number): Promise<ChainedEntry[]>
  /** The same, of each only where and when it is. */
  outline(chain: string, after: number): Promise<OutlinedEntry[]>
  /** Those of up to a thousand entries that are there. */
  entries(places: readonly Pick<ChainHead, 'chain' | 'sequence'>[]): Promise<ChainHead[]>
  /** Newest first. */
  search(search: Search): Promise<ChainedEntry[]>
}

/** An entry, without what it says. */
type OutlinedEntry = ChainHead & Pick<ChainedEntry, 'time' | 'writer'>

/** Keeps checkpoints. Throws ServiceFault `record-unavailable`. */
export type CheckpointStore = {
  add(time: number, jws: string): Promise<void>
  /** When the last one was taken, by whoever; undefined before the first. */
  lastAt(): Promise<number | undefined>
  /** Up to a hundred checkpoints after a number, in order, with their numbers. */
  page(after: number): Promise<{ number: number; time: number; jws: string }[]>
}

/** Removes what is too old, from the old end alone. Throws ServiceFault `record-unavailable`. */
export type Retention = {
  /** Keeps a stub; from then on what it stands for may be removed, which the database refuses otherwise. */
  keep(stub: Stub, jws: string): Promise<void>
  /** The newest stub of a chain, as it was signed, and whose chain it was. */
  stub(chain: string): Promise<(Pick<Stub, 'writer' | 'began'> & { jws: string }) | undefined>
  /** Removes up to some hundred of the oldest that the newest stub of a chain stands for. @returns how many */
  remove(chain: string): Promise<number>
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

/** Removes people from running meetings, where the deployment lets us. */
export type Conferences = {
  /** Bans a user, or one token, from logging in again. Throws ServiceFault `conference-unavailable`. */
  banUser(userId: string): Promise<void>
  /** Ends the running meeting of a room for everybody. Throws the same. */
  destroy(room: string): Promise<void>
  /** Kicks one participant, by Jitsi's participant id (first 8 characters of the JID; known from webhooks or the page). Throws the same. */
  kick(room: string, participantId: string): Promise<void>
}

/** Knows who is revoked. */
export type Revoked = {
  /** Whether a token, or a renewal, is revoked. Throws ServiceFault `record-unavailable` where nobody could tell. */
  bars(entrant: Entrant): boolean | Promise<boolean>
}
