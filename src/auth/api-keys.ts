import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKeyHash, CallerPolicy } from '../contract/policy/policy.ts'
import { type Caller, createCaller } from '../rules/policy/policy.ts'
import type { Clock, Rejection } from '../service/ports.ts'

const API_KEY = /^jts_([a-z0-9][a-z0-9-]{0,63})_[A-Za-z0-9_-]{43}$/

/** A new API key, which is shown once, and its hash for the policy file. */
export type NewApiKey = { apiKey: string; sha256: string }

/**
 * Creates an API key: `jts_<caller id>_` and 32 random bytes as 43 base64url characters.
 * @param callerId 1 to 64 characters of a-z, 0-9 and -
 * @throws RangeError if the caller id has another format
 */
export function newApiKey(callerId: string): NewApiKey {
  const apiKey = `jts_${callerId}_${randomBytes(32).toString('base64url')}`
  if (!API_KEY.test(apiKey)) throw new RangeError('a caller id has 1 to 64 characters of a-z, 0-9 and -')
  return { apiKey, sha256: sha256(apiKey).toString('hex') }
}

const sha256 = (text: string): Buffer => digest('sha256', text, 'buffer')

/**
 * Creates the authentication of callers by the SHA-256 of their whole API key. A key of 256 random bits needs no slow hash.
 * @param entries validated callers; a caller may have several hashes, each with its own validity, so that keys can overlap
 *   during rotation
 * @returns a function that finds the caller of an API key; otherwise a rejection with the reason `malformed`, `api-key` or
 *   `api-key-validity`
 */
export function createApiKeyCallers(
  entries: readonly CallerPolicy[],
  clock: Clock,
): (apiKey: string) => Caller | Rejection {
  const callersById = new Map(
    entries.map((entry) => [entry.id, { caller: createCaller(entry), keys: entry.apiKeySha256.map(toKey) }]),
  )
  // Compared instead of the keys of an unknown caller, so that an unknown id takes as long as a wrong key.
  const unknownCaller = { caller: undefined, keys: [{ hash: randomBytes(32), from: 0, until: 0 }] }
  return (apiKey) => {
    const callerId = API_KEY.exec(apiKey)?.[1]
    if (callerId === undefined) return { code: 'unauthenticated', reason: 'malformed' }
    const { caller, keys } = callersById.get(callerId) ?? unknownCaller
    const presented = sha256(apiKey)
    const now = clock()
    // Compares every hash, so that the duration does not reveal which one matched.
    const matching = keys.filter(({ hash }) => timingSafeEqual(hash, presented))
    if (caller === undefined || matching.length === 0) return { code: 'unauthenticated', reason: 'api-key' }
    const isValid = matching.some(({ from, until }) => from <= now && now < until)
    return isValid ? caller : { code: 'unauthenticated', reason: 'api-key-validity' }
  }
}

function toKey(entry: ApiKeyHash): { hash: Buffer; from: number; until: number } {
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
