import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKeyHash, CallerPolicy } from '../contract/policy/policy.ts'
import { type Caller, createCaller } from '../rules/policy/policy.ts'
import type { Clock } from '../service/ports.ts'

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

const sha256 = (text: string): Buffer => digest('sha256', text, 'buffer')

/**
 * The callers of a policy, known by the SHA-256 of their whole API key. A key of 256 random bits needs no slow hash.
 * @param entries checked callers; several hashes a caller let keys rotate with overlap, each within its own time
 * @returns finds the caller of a key; undefined for what is no key, is nobody's, is not valid yet or no more
 */
export function createApiKeyCallers(
  entries: readonly CallerPolicy[],
  clock: Clock,
): (apiKey: string) => Caller | undefined {
  const known = new Map(
    entries.map((entry) => [entry.id, { caller: createCaller(entry), keys: entry.apiKeySha256.map(keyOf) }]),
  )
  // Stands in for a caller that is not there, so that an unknown id costs what a wrong key costs.
  const nobody = { caller: undefined, keys: [{ hash: randomBytes(32), from: 0, until: 0 }] }
  return (apiKey) => {
    const callerId = API_KEY.exec(apiKey)?.[1]
    if (callerId === undefined) return undefined
    const { caller, keys } = known.get(callerId) ?? nobody
    const presented = sha256(apiKey)
    const now = clock()
    // Every hash is compared, whichever fits.
    const fitting = keys.filter(
      ({ hash, from, until }) => timingSafeEqual(hash, presented) && from <= now && now < until,
    )
    return fitting.length > 0 ? caller : undefined
  }
}

function keyOf(entry: ApiKeyHash): { hash: Buffer; from: number; until: number } {
  const {
    sha256: hex,
    notBefore,
    notAfter,
  } = typeof entry === 'string' ? { sha256: entry, notBefore: undefined, notAfter: undefined } : entry
  return {
    hash: Buffer.from(hex, 'hex'),
    from: notBefore === undefined ? 0 : Date.parse(notBefore),
    until: notAfter === undefined ? Infinity : Date.parse(notAfter),
  }
}
