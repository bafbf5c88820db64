import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { CallerPolicy } from '../contract/policy.ts'
import { callerOf } from '../rules/policy.ts'
import type { CallerDirectory } from '../service/ports.ts'

const API_KEY = /^jts_([a-z0-9][a-z0-9-]{0,63})_[A-Za-z0-9_-]{43}$/

/** A new API key, to be shown once, and the hash that the policy keeps of it. */
export type NewApiKey = { apiKey: string; sha256: string }

/**
 * Makes an API key: `jts_<caller id>_` and 32 random bytes as 43 base64url characters.
 * @param callerId 1 to 64 characters of a-z, 0-9 and -
 * @throws RangeError where the caller id has another shape
 */
export function newApiKey(callerId: string): NewApiKey {
  const apiKey = `jts_${callerId}_${randomBytes(32).toString('base64url')}`
  if (!API_KEY.test(apiKey)) throw new RangeError('a caller id has 1 to 64 characters of a-z, 0-9 and -')
  return { apiKey, sha256: sha256(apiKey).toString('hex') }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * The callers of a policy, known by the SHA-256 of their whole API key. A key of 256 random bits needs no slow hash.
 * @param entries checked callers; several hashes a caller let keys rotate with overlap
 */
export function apiKeyCallers(entries: readonly CallerPolicy[]): CallerDirectory {
  const known = new Map(
    entries.map((entry) => [
      entry.id,
      { caller: callerOf(entry), hashes: entry.apiKeySha256.map((hex) => Buffer.from(hex, 'hex')) },
    ]),
  )
  // Stands in for a caller that is not there, so that an unknown id costs what a wrong key costs.
  const nobody = { caller: undefined, hashes: [randomBytes(32)] }
  return {
    authenticate(credential) {
      const callerId = API_KEY.exec(credential)?.[1]
      if (callerId === undefined) return Promise.resolve(undefined)
      const { caller, hashes } = known.get(callerId) ?? nobody
      const presented = sha256(credential)
      // Every hash is compared, whichever fits.
      const fitting = hashes.filter((hash) => timingSafeEqual(hash, presented))
      return Promise.resolve(fitting.length > 0 ? caller : undefined)
    },
  }
}
