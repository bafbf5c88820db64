import type { Feature, NAME_READONLY } from './features.ts'

/** The protected header of a token (8x8 "JaaS JWT": alg, kid, typ). Jitsi's verifier accepts only the `typ` `JWT`. */
export type TokenHeader = { alg: 'RS256'; typ: 'JWT'; kid: string } | { alg: 'HS256'; typ: 'JWT' }

/** The user who joins. Every occupant of the meeting can see these values. */
type UserClaims = {
  id: string
  name: string
  moderator: boolean
  /** For self-hosted Jitsi: its plugins read either `moderator` or `affiliation`. */
  affiliation?: 'owner' | 'member'
  avatar?: string
  email?: string
}

/**
 * The claims of a token. Times are Unix seconds. No claim is null: Jitsi's verifier does not respond to null values.
 */
export type Claims = {
  aud: string
  iss: string
  sub: string
  room: string
  iat: number
  nbf: number
  exp: number
  jti: string
  context: {
    user: UserClaims
    /** `name-readonly` only for self-hosted Jitsi: the client of JaaS does not know it. */
    features: Record<Feature, boolean> & { [NAME_READONLY]?: boolean }
    room: { regex: false }
  }
}
