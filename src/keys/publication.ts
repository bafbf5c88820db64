import { createHash } from 'node:crypto'
import type { Publication } from '../service/keys/ports.ts'
import type { RingKey } from './key-ring.ts'

/**
 * @returns the name under which Jitsi requests a key: the hex SHA-256 of the whole kid (Prosody's `asap_key_server`)
 */
export const asapNameOf = (kid: string): string => createHash('sha256').update(kid).digest('hex')

/**
 * Creates what is published of the keys: a JWK set (RFC 7517), and one PEM for each key. It depends only on the key
 * ring, so it is created once for each ring.
 * @param kidOf returns the kid of the tokens that a key signs
 */
export function createPublication(keys: readonly RingKey[], kidOf: (keyId: string) => string): Publication {
  const jwks = keys.map(({ id, publicKey }) => {
    const { kty, n, e } = publicKey.export({ format: 'jwk' })
    return { kty, use: 'sig', alg: 'RS256', kid: kidOf(id), n, e }
  })
  const text = JSON.stringify({ keys: jwks })
  return {
    jwks: text,
    etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
    pems: new Map(
      keys.map(({ id, publicKey }) => [asapNameOf(kidOf(id)), publicKey.export({ type: 'spki', format: 'pem' })]),
    ),
  }
}
