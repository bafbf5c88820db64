import { createHash } from 'node:crypto'
import type { Publication } from '../service/keys/ports.ts'
import type { RingKey } from './key-ring.ts'

/** The name under which Jitsi asks for a key: the hex SHA-256 of the whole kid (Prosody's `asap_key_server`). */
export const asapName = (kid: string): string => createHash('sha256').update(kid).digest('hex')

/**
 * What verifiers are told of the keys: a JWK set (RFC 7517), and a PEM a key. Made once, for it changes with the ring alone.
 * @param kidOf the kid of a token that a key signed
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
      keys.map(({ id, publicKey }) => [asapName(kidOf(id)), publicKey.export({ type: 'spki', format: 'pem' })]),
    ),
  }
}
