import { MAC_KEY, macKey, matching, oneOf, oneOrigin, optional, setting } from './setting.ts'

/** The AppID that stands in during development; production refuses it. */
export const DEVELOPMENT_APP_ID = `vpaas-magic-cookie-${'0'.repeat(32)}`

const claim = matching(/^[\x21-\x7e]{1,255}$/)
const CLAIM = '1 to 255 ASCII characters without blanks'

/** The Jitsi that tokens are made for. */
export const JITSI_SETTINGS = {
  JITSI_DEPLOYMENT: setting(
    'jaas',
    'jaas',
    oneOf('jaas', 'self-hosted'),
    'jaas or self-hosted',
    'Which Jitsi the tokens are for: 8x8 JaaS, or one of your own.',
  ),
  JAAS_APP_ID: setting(
    DEVELOPMENT_APP_ID,
    'a placeholder, which production refuses',
    matching(/^vpaas-magic-cookie-[0-9a-z]{1,64}$/),
    'the AppID of the JaaS console: vpaas-magic-cookie-…',
    'AppID of the JaaS account: `sub`, and the first part of `kid`.',
  ),
  JAAS_MANAGEMENT: setting(
    'off',
    'off',
    oneOf('off', 'on'),
    'on or off',
    'JaaS: `on` lets the service end meetings, kick participants and ban users over the management endpoints.',
  ),
  JAAS_MANAGEMENT_URL: setting(
    'https://8x8.vc',
    'https://8x8.vc',
    oneOrigin,
    'an origin such as https://8x8.vc',
    'Where the management endpoints of JaaS are; http only outside production.',
  ),
  JITSI_DOMAIN: setting(
    '8x8.vc',
    '8x8.vc',
    matching(
      /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::\d{1,5})?$/,
    ),
    'a host name in lower case, without https://',
    'Host that serves the meetings; a regional one such as `frankfurt.8x8.vc` pins the region.',
  ),
  JITSI_APP_ID: setting(
    optional,
    'none',
    claim,
    CLAIM,
    'Self-hosted: `app_id` of Prosody; `iss`, unless `JITSI_JWT_ISSUER` says otherwise.',
  ),
  JITSI_JWT_ISSUER: setting(optional, '`JITSI_APP_ID`', claim, CLAIM, 'Self-hosted: `iss` of the tokens.'),
  JITSI_JWT_AUDIENCE: setting('jitsi', 'jitsi', claim, CLAIM, 'Self-hosted: `aud` of the tokens.'),
  JITSI_JWT_SUBJECT: setting(
    optional,
    '`JITSI_DOMAIN`',
    matching(/^[a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?$/),
    'a domain or a tenant in lower case',
    'Self-hosted: `sub` of the tokens: the XMPP domain (in docker `meet.jitsi`), or, without a dot, a tenant.',
  ),
  JITSI_JWT_SECRET: {
    ...setting(
      optional,
      'none',
      macKey,
      MAC_KEY,
      'Self-hosted: `app_secret` of Prosody; tokens are then signed HS256, and no key is used or published.',
    ),
    secret: true,
  },
}
