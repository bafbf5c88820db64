import type { Claims, TokenHeader } from '../../contract/tokens/claims.ts'
import { FEATURES, type Feature, NAME_READONLY } from '../../contract/tokens/features.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import { type Deployment, kidOf } from './deployment.ts'
import type { Grant } from './evaluate.ts'

/** Jitsi's verifiers allow no leeway and clocks differ, so a token is valid from a few seconds before it is issued. */
const NOT_BEFORE_SECONDS = 10

/**
 * Creates the protected header of a token.
 * @param keyId the id of the signing key; undefined for a shared secret, which has no id
 */
export function tokenHeader(deployment: Deployment, keyId: string | undefined): TokenHeader {
  return keyId === undefined
    ? { alg: 'HS256', typ: 'JWT' }
    : { alg: 'RS256', typ: 'JWT', kid: kidOf(deployment, keyId) }
}

/**
 * Creates the claims of a token.
 * @param nowMs epoch milliseconds
 * @param jti an unguessable id
 */
export function claimsOf(deployment: Deployment, grant: Grant, nowMs: number, jti: string): Claims {
  const iat = Math.floor(nowMs / 1000)
  const { moderator } = grant.rolePolicy
  return {
    aud: deployment.audience,
    iss: deployment.issuer,
    sub: deployment.subject,
    room: grant.room,
    iat,
    nbf: iat - NOT_BEFORE_SECONDS,
    exp: iat + grant.lifetimeSeconds,
    jti,
    context: {
      user: {
        id: grant.user.id,
        name: grant.user.name,
        moderator,
        // Prosody has two plugins called token_affiliation: the newer one reads `moderator`, as JaaS does, the older one this.
        ...(deployment.kind === 'jaas' ? {} : { affiliation: moderator ? ('owner' as const) : ('member' as const) }),
        ...(grant.user.avatar === undefined ? {} : { avatar: grant.user.avatar }),
        ...(grant.user.email === undefined ? {} : { email: grant.user.email }),
      },
      features: featuresOf(deployment, grant.rolePolicy),
      room: { regex: false },
    },
  }
}

type Features = Claims['context']['features']

/** The features of each role, which are the same in all its tokens for one kind of Jitsi. */
const featuresCaches: Record<Deployment['kind'], WeakMap<RolePolicy, Features>> = {
  jaas: new WeakMap(),
  'self-hosted': new WeakMap(),
}

/** @returns every feature that this Jitsi knows, each true or false */
function featuresOf({ kind }: Deployment, role: RolePolicy): Features {
  const cached = featuresCaches[kind].get(role)
  if (cached !== undefined) return cached
  const granted = new Set<Feature>(role.features)
  const listed = Object.fromEntries(FEATURES.map((name) => [name, granted.has(name)])) as Record<Feature, boolean>
  const features = kind === 'jaas' ? listed : { ...listed, [NAME_READONLY]: role.nameReadonly ?? true }
  featuresCaches[kind].set(role, features)
  return features
}
