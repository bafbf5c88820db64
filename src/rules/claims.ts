import type { Claims, TokenHeader } from '../contract/claims.ts'
import { FEATURES, type Feature } from '../contract/features.ts'
import type { Meeting } from '../contract/token.ts'
import type { Grant } from './policy.ts'

/** The Jitsi that tokens are made for. */
export type Deployment = {
  /** The JaaS AppID, `vpaas-magic-cookie-…`. */
  appId: string
  /** Host name that serves the meetings, `8x8.vc` for JaaS. */
  domain: string
}

/** A verifier grants no leeway, and clocks differ: a token is valid a little before it was made. */
const NOT_BEFORE_SECONDS = 10

/** @param keyId the id of the signing key; the `kid` of JaaS is `<AppID>/<key id>` (8x8 "JaaS JWT") */
export function tokenHeader(deployment: Deployment, keyId: string): TokenHeader {
  return { alg: 'RS256', typ: 'JWT', kid: `${deployment.appId}/${keyId}` }
}

/**
 * The claims of a token (8x8 "JaaS JWT").
 * @param nowMs epoch milliseconds
 * @param jti an unguessable id
 */
export function claimsOf(deployment: Deployment, grant: Grant, nowMs: number, jti: string): Claims {
  const iat = Math.floor(nowMs / 1000)
  const granted = new Set<Feature>(grant.rolePolicy.features)
  return {
    aud: 'jitsi',
    iss: 'chat',
    sub: deployment.appId,
    room: grant.room,
    iat,
    nbf: iat - NOT_BEFORE_SECONDS,
    exp: iat + grant.lifetimeSeconds,
    jti,
    context: {
      user: {
        id: grant.user.id,
        name: grant.user.name,
        moderator: grant.rolePolicy.moderator,
        ...(grant.user.avatar === undefined ? {} : { avatar: grant.user.avatar }),
        ...(grant.user.email === undefined ? {} : { email: grant.user.email }),
      },
      features: Object.fromEntries(FEATURES.map((name) => [name, granted.has(name)])) as Claims['context']['features'],
      room: { regex: false },
    },
  }
}

/** Where a page finds the meeting of a room (8x8 "IFrame API integration"). */
export function meetingOf(deployment: Deployment, room: string): Meeting {
  return {
    domain: deployment.domain,
    roomName: `${deployment.appId}/${room}`,
    scriptUrl: `https://${deployment.domain}/${deployment.appId}/external_api.js`,
  }
}
