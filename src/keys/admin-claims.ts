/** What tokens say of the account they are for. */
export type Account = { issuer: string; audience: string; subject: string }

/** Claims that open the management endpoints of JaaS. Times are Unix seconds. */
type AdminClaims = { aud: string; iss: string; sub: string; nbf: number; exp: number; admin: true }

/** How long such a token can be used by whoever has it. */
const LIFETIME_SECONDS = 60

/** A verifier grants no leeway, and clocks differ: the token is valid a little before it was made. */
const NOT_BEFORE_SECONDS = 10

/**
 * The claims of a token for the management endpoints of JaaS, and for nothing else: without a room and a context it opens no
 * meeting (8x8 "JaaS endpoints").
 * @param nowMs epoch milliseconds
 */
export function adminClaims({ issuer, audience, subject }: Account, nowMs: number): AdminClaims {
  const nbf = Math.floor(nowMs / 1000) - NOT_BEFORE_SECONDS
  return { aud: audience, iss: issuer, sub: subject, nbf, exp: nbf + LIFETIME_SECONDS, admin: true }
}
