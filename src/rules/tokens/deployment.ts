import type { RolePolicy } from '../../contract/policy/policy.ts'
import type { Meeting } from '../../contract/tokens/token.ts'
import { meetingConfigOf } from '../meetings/meeting-config.ts'

/** The Jitsi that tokens are made for: what its verifier expects, and where its meetings are. */
export type Deployment = {
  kind: 'jaas' | 'self-hosted'
  algorithm: 'RS256' | 'HS256'
  issuer: string
  audience: string
  subject: string
  /** What stands before the key's id in `kid`. */
  kidPrefix: string
  /** Host that serves the meetings. */
  domain: string
  /** What stands before a room's name in the paths of that host. */
  path: string
}

/**
 * JaaS (8x8 "JaaS JWT"): fixed issuer and audience, everything else from the AppID.
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

/** What self-hosted Jitsi is told by: Prosody's `app_id`, accepted issuers and audiences, and the XMPP domain or tenant. */
export type SelfHosted = {
  domain: string
  issuer: string
  audience: string
  subject: string
  algorithm: 'RS256' | 'HS256'
}

/**
 * Self-hosted Jitsi (Prosody's token plugins). A subject without a dot is a tenant, whose rooms are under its path; one with
 * a dot, or the host itself, is the XMPP domain.
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

/** @returns the `kid` of tokens that a key signs */
export const kidOf = ({ kidPrefix }: Deployment, keyId: string): string => `${kidPrefix}${keyId}`

/**
 * Where a page finds the meeting of a room (8x8 "IFrame API integration"; the handbook's IFrame API), and how it fits a role
 * on a good network.
 */
export function meetingOf({ kind, domain, path }: Deployment, room: string, role: RolePolicy): Meeting {
  return {
    domain,
    roomName: `${path}${room}`,
    // JaaS serves the script under the AppID; self-hosted Jitsi has one for all tenants.
    scriptUrl: `https://${domain}/${kind === 'jaas' ? path : ''}external_api.js`,
    ...meetingConfigOf(role, 'good'),
  }
}
