import type { Claims, TokenHeader } from '../../contract/tokens/claims.ts'
import type { SignedStatements } from '../../contract/audit/checkpoint.ts'
import type { KnownKey } from '../../rules/key-ring.ts'

/** Signs with one key. */
export type Signer = {
  /** The id of the key: its file name without `.pem`; undefined for a shared secret. */
  keyId?: string
  /**
   * Signs a token.
   * @param isAborted whether the client closed the connection; the token is not signed then
   * @returns the token in compact form (RFC 7515)
   * @throws ServiceFault `overloaded` if the signature would wait for too long, `client-aborted`
   */
  sign(header: TokenHeader, claims: Claims, isAborted?: () => boolean): Promise<string>
  /** Signs a statement about the audit record. @param kid undefined for a shared secret */
  signStatement<T extends keyof SignedStatements>(
    type: T,
    statement: SignedStatements[T],
    kid: string | undefined,
  ): Promise<string>
}

/** The public keys, as they are published for verifiers. */
export type Publication = {
  /** A JWK set as JSON (RFC 7517), and its entity tag. */
  jwks: string
  etag: string
  /** Public keys as SPKI in PEM, by the hex SHA-256 of the whole kid. */
  pems: ReadonlyMap<string, string>
}

/** The result of verifying a signature. */
export type Verdict = 'valid' | 'invalid' | 'unknown-key'

/** The key ring in use. */
export type Keys = {
  signer(): Signer
  publication(): Publication
  /** @returns the state of the key with this kid; undefined if there is none */
  stateOf(kid: string): 'active' | 'next' | 'retired' | undefined
  /** Verifies the signature of a token, and nothing else. @param kid undefined for a shared secret */
  verify(token: string, kid: string | undefined): Promise<Verdict>
  /**
   * Signs a statement about the audit record with the active key.
   * @returns a JWS in compact form (RFC 7515), with the statement's type as its `typ`
   */
  signStatement<T extends keyof SignedStatements>(type: T, statement: SignedStatements[T]): Promise<string>
  /** @returns whether the key files are invalid, so that an older key ring is still in use */
  isStale(): boolean
}

/** The load of the signing queue. */
export type SigningLoad = {
  /** @returns whether a request that arrives now would be refused */
  full(): boolean
  /** @returns how long a request that arrives now would wait, in milliseconds */
  expectedWaitMs(): number
  /** @returns the processor time of one core per token, in milliseconds: the signature and everything else */
  signatureMs(): number
  running(): number
  waiting(): number
}

/** The status of the key ring. */
export type KeyRingStatus = {
  /** When the active key was first seen, in epoch milliseconds. */
  activeSince: number
  /** The state of each key. */
  states: ('active' | 'next' | 'retired')[]
  /** When the selected key will sign, in epoch milliseconds; undefined if it signs. */
  pendingUntil: number | undefined
}

/** Stores every key that was ever in the key ring. Each method throws ServiceFault `record-unavailable`. */
export type KeyRegister = {
  list(): Promise<KnownKey[]>
  save(keys: readonly KnownKey[]): Promise<void>
  /**
   * @returns when the key last signed a token and when the last of its tokens expires, in epoch milliseconds; undefined if it
   *   never signed one
   */
  findSigningTimes(kid: string): Promise<{ lastAt: number; deadAt: number } | undefined>
}
