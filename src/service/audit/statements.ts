import type { SignedStatements } from '../../contract/audit/checkpoint.ts'
import { parseToken } from '../../rules/tokens/parse-token.ts'
import type { Keys, Verdict } from '../keys/ports.ts'

/** What a signed statement says, once its signature was verified; otherwise why nothing it says counts. */
export type Statement<T extends keyof SignedStatements> =
  { says: SignedStatements[T] } | { verdict: Exclude<Verdict, 'valid'> }

/**
 * Reads a statement about the record. Its shape is our own, for nobody else has the key.
 * @param type what it has to be: one kind of statement is never taken for another, nor a token for any
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
  return { says: parts.claims as SignedStatements[T] }
}
