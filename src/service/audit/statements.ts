import type { Attested } from '../../contract/audit/checkpoint.ts'
import { tokenParts } from '../../rules/tokens/jwt-parts.ts'
import type { Keys, Verdict } from '../ports.ts'

/** What a signed statement says, once its signature was verified; otherwise why nothing it says counts. */
export type Statement<T extends keyof Attested> = { says: Attested[T] } | { verdict: Exclude<Verdict, 'valid'> }

/**
 * Reads a statement about the record. Its shape is our own, for nobody else has the key.
 * @param type what it has to be: one kind of statement is never taken for another, nor a token for any
 */
export async function readStatement<T extends keyof Attested>(
  keys: Pick<Keys, 'verify'>,
  type: T,
  jws: string,
): Promise<Statement<T>> {
  const parts = tokenParts(jws)
  const kid = parts?.header['kid']
  const verdict = await keys.verify(jws, typeof kid === 'string' ? kid : undefined)
  if (verdict !== 'valid') return { verdict }
  if (parts === undefined || parts.header['typ'] !== type) return { verdict: 'invalid' }
  return { says: parts.claims as Attested[T] }
}
