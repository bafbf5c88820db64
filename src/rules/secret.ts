import { createHmac, hash } from 'node:crypto'

/** @returns the hash under which a code or cookie is stored: SHA-256 in hex. A secret of 256 bits needs no salt. */
export const hashSecret = (secret: string): string => hash('sha256', secret)

/**
 * @returns a part of the hash of a secret, for the keys of counters: 64 bits tell secrets apart, and are too few to verify a
 *   guess of the secret
 */
export const fingerprintSecret = (secret: string): string => hashSecret(secret).slice(0, 16)

/**
 * Derives a secret that only a holder of both values can compute.
 * @param salt at least 256 random bits, as text
 * @returns 256 bits in hex: HMAC-SHA-256 (RFC 2104) of the text, with the salt as key
 */
export const deriveSecret = (salt: string, text: string): string =>
  createHmac('sha256', salt).update(text).digest('hex')
