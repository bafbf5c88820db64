import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Meeting } from '../../contract/tokens/token.ts'
import { meetingConfigOf } from '../meetings/meeting-config.ts'

/** The Jitsi deployment that tokens are for: the values that its verifier expects, and the location of its meetings. */
export type Deployment = {
  kind: 'jaas' | 'self-hosted'
  algorithm: 'RS256' | 'HS256'
  issuer: string
  audience: string
  subject: string
  /** Prefix of the key id in `kid`. */
  kidPrefix: string
  /** Host of the meetings, with an optional port. */
  domain: string
  /** Prefix of the room name in URL paths on that host; empty or with a trailing slash. */
  path: string
}

/**
 * Creates the deployment for JaaS (8x8 "JaaS JWT"). Issuer and audience are fixed; the AppID determines everything else.
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
})

/**
 * The settings of self-hosted Jitsi. Prosody must accept issuer and audience; the subject is its XMPP domain or a tenant.
 */
export type SelfHosted = {
  domain: string
  issuer: string
  audience: string
  subject: string
  algorithm: 'RS256' | 'HS256'
}

/**
 * Creates the deployment for self-hosted Jitsi (Prosody's token plugins). A subject with a dot, or equal to the host, is the
 * XMPP domain. Any other subject is a tenant, and its rooms are under `/<tenant>/`.
 */
export const selfHosted = ({ domain, issuer, audience, subject, algorithm }: SelfHosted): Deployment => ({
  kind: 'self-hosted',
  algorithm,
  issuer,
  audience,
  subject,
  kidPrefix: '',
  domain,
  path: subject.includes('.') || subject === hostOf(domain) ? '' : `${subject}/`,
})

/** @returns the host of a domain that may have a port */
export const hostOf = (domain: string): string => domain.split(':', 1)[0] ?? domain

/** @returns the `kid` of tokens signed with a key */
export const kidOf = ({ kidPrefix }: Deployment, keyId: string): string => `${kidPrefix}${keyId}`

/**
 * Returns what a page needs to open the meeting of a room: its location (8x8 "IFrame API integration"; IFrame API in the
 * Jitsi handbook), and the meeting configuration of a role on a good network.
 */
export function meetingOf({ kind, domain, path }: Deployment, room: string, role: RolePolicy): Meeting {
  return {
    domain,
    roomName: `${path}${room}`,
    // JaaS serves the script in the path of the AppID; self-hosted Jitsi serves one script for all tenants.
    scriptUrl: `https://${domain}/${kind === 'jaas' ? path : ''}external_api.js`,
    ...meetingConfigOf(role, 'good'),
  }
}
