/** The claims that identify a JaaS account. */
export type Account = { issuer: string; audience: string; subject: string }

/** The claims of a token for the JaaS management endpoints. Times are Unix seconds. */
type AdminClaims = { aud: string; iss: string; sub: string; nbf: number; exp: number; admin: true }

/** The lifetime, which limits how long a leaked token can be used. */
const LIFETIME_SECONDS = 60

/** Subtracted from the current time, because clocks differ and a verifier may allow no leeway. */
const NOT_BEFORE_SECONDS = 10

/**
 * Creates the claims of a token for the JaaS management endpoints. Without a room and a context, the token is not valid
 * for any meeting (8x8 "JaaS endpoints").
 * @param nowMs epoch milliseconds
 */
export function createAdminClaims({ issuer, audience, subject }: Account, nowMs: number): AdminClaims {
  const nbf = Math.floor(nowMs / 1000) - NOT_BEFORE_SECONDS
  return { aud: audience, iss: issuer, sub: subject, nbf, exp: nbf + LIFETIME_SECONDS, admin: true }
}
