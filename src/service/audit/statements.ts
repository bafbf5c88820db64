import type { SignedStatements } from '../../contract/audit/checkpoint.ts'
import { parseToken } from '../../rules/tokens/parse-token.ts'
import type { Keys, Verdict } from '../keys/ports.ts'

/** The payload of a signed statement whose signature is valid; otherwise the verdict on the signature. */
export type Statement<T extends keyof SignedStatements> =
  { payload: SignedStatements[T] } | { verdict: Exclude<Verdict, 'valid'> }

/**
 * Verifies and reads a signed statement about the audit record. The payload needs no schema check: only this service has
 * the key.
 * @param type the `typ` that the header must have, so that neither a token nor another kind of statement is accepted
 */
export async function readStatement<T extends keyof SignedStatements>(
  keys: Pick<Keys, 'verify'>,
  type: T,
  jws: string,
): Promise<Statement<T>> {
  const parts = parseToken(jws)
  const kid = parts?.header['kid']
  const verdict = await keys.verify(jws, typeof kid === 'string' ? kid : undefined)
  if (verdict !== 'valid') return { verdict }
  if (parts === undefined || parts.header['typ'] !== type) return { verdict: 'invalid' }
  return { payload: parts.claims as SignedStatements[T] }
}
