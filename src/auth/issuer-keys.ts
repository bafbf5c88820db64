import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { ServiceFault } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'

const FETCH_TIMEOUT_MS = 3000

/** Between two fetches that an unknown key or a provider that is away may cause, in milliseconds. */
const COOL_DOWN_MS = 30_000

/** The same while there are no keys at all: nobody could sign in. */
const COOL_DOWN_WITHOUT_KEYS_MS = 5000

/** A set is fetched anew after this time, so that a key that the provider withdrew is not honoured for ever. */
const FRESH_MS = 600_000

/** Where an issuer's keys are, and how long the last good set may serve while the issuer is away. */
export type JwksLocation = { issuer: string; jwksUri?: string; maxStaleMs: number; allowHttp: boolean }

/** Fetches a JSON document. Throws for whatever is not one. */
export type FetchJson = (url: string) => Promise<unknown>

/**
 * The public keys of an issuer: fetched when first needed, one fetch at a time, and again when they are old or a token
 * names a key that is not among them, in moderation. While the issuer is away the last good set serves.
 * @returns jose's way to ask for a key; throws ServiceFault `identity-provider-unavailable` where there is no set to ask
 */
export function createIssuerKeys(
  place: JwksLocation,
  clock: Clock,
  fetchJson: FetchJson = fetchDocument,
): JWTVerifyGetKey {
  let set: { find: ReturnType<typeof createLocalJWKSet>; at: number } | undefined
  let attemptedAt = -Infinity
  let pending: Promise<void> | undefined
  /** How far off a moment is; one in the future counts too, or a clock that was set back would stop all fetching. */
  const since = (at: number) => Math.abs(clock() - at)

  async function fetchSet(): Promise<void> {
    const keys = await fetchJson(place.jwksUri ?? (await discover(place, fetchJson)))
    set = { find: createLocalJWKSet(keys as JSONWebKeySet), at: clock() }
  }

  /** Fetches, unless one is under way or was a moment ago; never throws. */
  function refresh(coolDownMs: number): Promise<void> {
    if (pending === undefined && since(attemptedAt) >= coolDownMs) {
      attemptedAt = clock()
      pending = fetchSet()
        .catch(() => undefined)
        .finally(() => (pending = undefined))
    }
    return pending ?? Promise.resolve()
  }

  return async (header, token) => {
    const age = since(set?.at ?? -Infinity)
    if (age >= place.maxStaleMs) await refresh(COOL_DOWN_WITHOUT_KEYS_MS)
    else if (age >= FRESH_MS) void refresh(COOL_DOWN_MS)
    if (set === undefined || since(set.at) >= place.maxStaleMs) throw new ServiceFault('identity-provider-unavailable')
    try {
      return await set.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await refresh(COOL_DOWN_MS)
      return set.find(header, token)
    }
  }
}

/** Where the keys are, by the issuer's own word (OpenID Connect Discovery 1.0, sections 3 and 4). */
async function discover({ issuer, allowHttp }: JwksLocation, fetchJson: FetchJson): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { issuer: says, jwks_uri: jwksUri } = document as { issuer?: unknown; jwks_uri?: unknown }
  if (says !== issuer || typeof jwksUri !== 'string') throw new Error('the discovery document is of another issuer')
  if (!jwksUri.startsWith('https:') && !allowHttp) throw new Error('jwks_uri is not https')
  return jwksUri
}

async function fetchDocument(url: string): Promise<unknown> {
  const answer = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  return answer.json()
}
