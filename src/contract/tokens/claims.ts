import type { Feature } from './features.ts'

/** The protected header of a token (8x8 "JaaS JWT": alg, kid, typ; Jitsi's verifier takes `typ` only as `JWT`). */
export type TokenHeader = { alg: 'RS256'; typ: 'JWT'; kid: string } | { alg: 'HS256'; typ: 'JWT' }

/** Who joins, as every occupant of the meeting sees it. */
type UserClaims = {
  id: string
  name: string
  moderator: boolean
  /** For self-hosted Jitsi, whose plugins read either. */
  affiliation?: 'owner' | 'member'
  avatar?: string
  email?: string
}

/** The claims of a token. Times are Unix seconds. No member is ever null: Jitsi's verifier gives no answer to those. */
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
    features: Record<Feature, boolean>
    room: { regex: false }
  }
}
