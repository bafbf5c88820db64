import type { Claims, TokenHeader } from '../../contract/tokens/claims.ts'
import type { SignedStatements } from '../../contract/audit/checkpoint.ts'
import type { KnownKey } from '../../rules/key-ring.ts'

/** Signs with one key. */
export type Signer = {
  /** Id of the key: its file's name without `.pem`; undefined for a shared secret. */
  keyId?: string
  /**
   * @param isAborted tells that nobody waits for the token any more; then it is not made
   * @returns the token in compact form (RFC 7515)
   * @throws ServiceFault `overloaded` when it would wait too long, `client-aborted`
   */
  sign(header: TokenHeader, claims: Claims, isAborted?: () => boolean): Promise<string>
  /** Signs a statement about the record. @param kid undefined for a shared secret */
  signStatement<T extends keyof SignedStatements>(
    type: T,
    statement: SignedStatements[T],
    kid: string | undefined,
  ): Promise<string>
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
  signStatement<T extends keyof SignedStatements>(type: T, statement: SignedStatements[T]): Promise<string>
  /** Whether what lies there is broken, so that an older ring is in force. */
  isStale(): boolean
}

/** How much signing there is to do. */
export type SigningLoad = {
  /** Whether somebody who comes now would be refused. */
  full(): boolean
  /** Milliseconds that somebody who comes now would wait. */
  expectedWaitMs(): number
  /** Milliseconds that a core takes for a signature, and for all else that a token costs it. */
  signatureMs(): number
  running(): number
  waiting(): number
}

/** How the ring stands. */
export type KeyRingStatus = {
  /** When the key that signs was first seen, in epoch milliseconds. */
  activeSince: number
  /** The state of each key. */
  states: ('active' | 'next' | 'retired')[]
}

/** Knows every key that was ever seen. Throws ServiceFault `record-unavailable`. */
export type KeyRegister = {
  list(): Promise<KnownKey[]>
  save(keys: readonly KnownKey[]): Promise<void>
  /** When a key signed last, and when the longest-lived token that it signed is dead; undefined where it never signed. */
  findSigningTimes(kid: string): Promise<{ lastAt: number; deadAt: number } | undefined>
}
