import type { KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import type { Verdict } from '../service/keys/ports.ts'

/**
 * Verifies the signature of a token, and nothing else: claims and times are not checked.
 * @param key undefined if the kid of the token is unknown
 */
export async function verifySignature(
  token: string,
  key: KeyObject | undefined,
  algorithm: 'RS256' | 'HS256',
): Promise<Verdict> {
  if (key === undefined) return 'unknown-key'
  try {
    await compactVerify(token, key, { algorithms: [algorithm] })
    return 'valid'
  } catch {
    return 'invalid'
  }
}
