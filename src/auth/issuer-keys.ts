import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { ServiceFault } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'

const FETCH_TIMEOUT_MS = 3000

/** The least time between two fetches because of an unknown kid or an old key set, in milliseconds. */
const COOL_DOWN_MS = 30_000

/** The same while there is no usable key set, because no user can sign in. */
const COOL_DOWN_WITHOUT_KEYS_MS = 5000

/** The age at which a key set is fetched again, in milliseconds, so that a key that the provider withdrew stops working. */
const FRESH_MS = 600_000

/** The location of an issuer's keys, and how long the last key set may be used while the issuer is unavailable. */
export type JwksLocation = { issuer: string; jwksUri?: string; maxStaleMs: number; allowHttp: boolean }

/** Fetches a JSON document. Throws if there is none. */
export type FetchJson = (url: string) => Promise<unknown>

/**
 * Creates a cache of an issuer's public keys. They are fetched when first needed, one fetch at a time, and again when the set
 * is old or a token names an unknown kid, at most once per cool-down. While the issuer is unavailable, the last set is used.
 * @returns a key resolver for jose; it throws ServiceFault `identity-provider-unavailable` if there is no usable key set
 */
export function createIssuerKeys(
  location: JwksLocation,
  clock: Clock,
  fetchJson: FetchJson = fetchDocument,
): JWTVerifyGetKey {
  let keySet: { resolve: ReturnType<typeof createLocalJWKSet>; at: number } | undefined
  let attemptedAt = -Infinity
  let pending: Promise<void> | undefined
  /** The absolute distance to a time: after the clock was set back, a difference would stop all fetches. */
  const distanceMs = (at: number) => Math.abs(clock() - at)

  async function fetchSet(): Promise<void> {
    keySet = { resolve: createLocalJWKSet(await fetchKeySet(location, fetchJson)), at: clock() }
  }

  /** Fetches the keys, unless a fetch is running or the cool-down has not passed. Never throws. */
  function refresh(coolDownMs: number): Promise<void> {
    if (pending === undefined && distanceMs(attemptedAt) >= coolDownMs) {
      attemptedAt = clock()
      pending = fetchSet()
        .catch(() => undefined)
        .finally(() => (pending = undefined))
    }
    return pending ?? Promise.resolve()
  }

  return async (header, token) => {
    const ageMs = distanceMs(keySet?.at ?? -Infinity)
    if (ageMs >= location.maxStaleMs) await refresh(COOL_DOWN_WITHOUT_KEYS_MS)
    else if (ageMs >= FRESH_MS) void refresh(COOL_DOWN_MS)
    if (keySet === undefined || distanceMs(keySet.at) >= location.maxStaleMs)
      throw new ServiceFault('identity-provider-unavailable')
    try {
      return await keySet.resolve(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await refresh(COOL_DOWN_MS)
      return keySet.resolve(header, token)
    }
  }
}

type KeySetLocation = Pick<JwksLocation, 'issuer' | 'jwksUri' | 'allowHttp'>

const fetchKeySet = async (location: KeySetLocation, fetchJson: FetchJson): Promise<JSONWebKeySet> =>
  (await fetchJson(location.jwksUri ?? (await discover(location, fetchJson)))) as JSONWebKeySet

/**
 * Fetches an issuer's public keys once.
 * @param timeoutMs how long each of the documents may take
 * @returns the number of keys
 * @throws the error of the connection, or of a key set that cannot be used
 */
export async function fetchIssuerKeys(location: KeySetLocation, timeoutMs: number): Promise<number> {
  const set = await fetchKeySet(location, (url) => fetchDocument(url, timeoutMs))
  createLocalJWKSet(set)
  return set.keys.length
}

/** Reads the location of the keys from the discovery document (OpenID Connect Discovery 1.0, sections 3 and 4). */
async function discover({ issuer, allowHttp }: KeySetLocation, fetchJson: FetchJson): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { issuer: documentIssuer, jwks_uri: jwksUri } = document as { issuer?: unknown; jwks_uri?: unknown }
  if (documentIssuer !== issuer || typeof jwksUri !== 'string')
    throw new Error('the discovery document belongs to another issuer or has no jwks_uri')
  if (!jwksUri.startsWith('https:') && !allowHttp) throw new Error('jwks_uri is not https')
  return jwksUri
}

async function fetchDocument(url: string, timeoutMs = FETCH_TIMEOUT_MS): Promise<unknown> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.json()
}
