import type { Network } from '../../contract/meetings/meeting-config.ts'
import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Meeting } from '../../contract/tokens/token.ts'
import { meetingConfigOf } from '../meetings/meeting-config.ts'

/** The Jitsi deployment that tokens are for: what its verifier expects, and where its meetings are. */
export type Deployment = {
  kind: 'jaas' | 'self-hosted'
  algorithm: 'RS256' | 'HS256'
  issuer: string
  audience: string
  subject: string
  /** The part of `kid` before the id of the key. */
  kidPrefix: string
  /** Host that serves the meetings. */
  domain: string
  /** The part of the path before the name of a room. */
  path: string
  /** Whether the verifier compares `sub` with the tenant or domain, and reads patterns (`enable_domain_verification`). */
  verifiesDomain: boolean
}

/**
 * Creates the deployment for JaaS (8x8 "JaaS JWT"): issuer and audience are fixed, the rest follows from the AppID.
 * @param appId `vpaas-magic-cookie-…`
 */
export const jaas = (appId: string, domain: string): Deployment => ({
  kind: 'jaas',
  algorithm: 'RS256',
  issuer: 'chat',
  audience: 'jitsi',
  subject: appId,
  kidPrefix: `${appId}/`,
  domain,
  path: `${appId}/`,
  verifiesDomain: true,
})

/** The configuration of a self-hosted Jitsi: accepted issuer and audience of Prosody, and the XMPP domain or tenant. */
export type SelfHosted = {
  domain: string
  issuer: string
  audience: string
  subject: string
  algorithm: 'RS256' | 'HS256'
  /** `enable_domain_verification` of Prosody, which is on by default. */
  verifiesDomain?: boolean
}

/**
 * Creates the deployment for a self-hosted Jitsi (the token plugins of Prosody). A subject without a dot is a tenant, whose
 * rooms are under its path. A subject with a dot, or the host itself, is the XMPP domain.
 */
export const selfHosted = ({
  domain,
  issuer,
  audience,
  subject,
  algorithm,
  verifiesDomain = true,
}: SelfHosted): Deployment => ({
  kind: 'self-hosted',
  algorithm,
  issuer,
  audience,
  subject,
  kidPrefix: '',
  domain,
  path: subject.includes('.') || subject === hostOf(domain) ? '' : `${subject}/`,
  verifiesDomain,
})

/** @returns the host of a domain that may contain a port */
export const hostOf = (domain: string): string => domain.split(':', 1)[0] ?? domain

/** @returns the `kid` of the tokens that a key signs */
export const kidOf = ({ kidPrefix }: Deployment, keyId: string): string => `${kidPrefix}${keyId}`

/**
 * Describes for a page how to open the meeting of a room (8x8 "IFrame API integration"; Jitsi handbook, "IFrame API").
 * @returns the address of the meeting and its script, and the options for the role on the network
 */
export function meetingOf(
  { kind, domain, path }: Deployment,
  room: string,
  role: RolePolicy,
  network: Network = 'good',
): Meeting {
  return {
    domain,
    roomName: `${path}${room}`,
    // JaaS serves the script under the AppID; self-hosted Jitsi has one for all tenants.
    scriptUrl: `https://${domain}/${kind === 'jaas' ? path : ''}external_api.js`,
    ...meetingConfigOf(role, network),
  }
}
