import { claim, origin, sharedSecret, text, word } from './readers.ts'
import { secretSetting, setting } from './setting.ts'

/** The placeholder AppID of development; production refuses it. */
export const DEVELOPMENT_APP_ID = `vpaas-magic-cookie-${'0'.repeat(32)}`

const hostAndPort =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::\d{1,5})?$/

/** The Jitsi deployment that the tokens are for. */
export const JITSI_SETTINGS = {
  JITSI_DEPLOYMENT: setting(word('jaas', 'self-hosted'), {
    fallback: 'jaas',
    about: 'The Jitsi deployment that the tokens are for: 8x8 JaaS, or a self-hosted Jitsi.',
  }),
  JAAS_APP_ID: setting(
    text(/^vpaas-magic-cookie-[0-9a-z]{1,64}$/, 'the AppID from the JaaS console: vpaas-magic-cookie-…'),
    {
      fallback: DEVELOPMENT_APP_ID,
      shown: 'a placeholder that production refuses',
      about: 'AppID of the JaaS account: the `sub` claim, and the first part of the `kid`.',
    },
  ),
  JAAS_MANAGEMENT: setting(word('off', 'on'), {
    fallback: 'off',
    about:
      'JaaS only: `on` lets the service end meetings, kick participants and ban users through the JaaS management endpoints.',
  }),
  JAAS_MANAGEMENT_URL: setting(origin, {
    fallback: 'https://8x8.vc',
    about: 'Origin of the JaaS management endpoints; http is allowed only outside production.',
  }),
  JITSI_DOMAIN: setting(text(hostAndPort, 'a host name in lower case, without https://; a port may follow'), {
    fallback: '8x8.vc',
    about: 'Host that serves the meetings. A regional host such as `frankfurt.8x8.vc` pins the region.',
  }),
  JITSI_APP_ID: setting(claim, {
    fallback: undefined,
    about: 'Self-hosted only: `app_id` of Prosody, and the `iss` claim unless `JITSI_JWT_ISSUER` is set.',
  }),
  JITSI_JWT_ISSUER: setting(claim, {
    fallback: undefined,
    shown: '`JITSI_APP_ID`',
    about: 'Self-hosted only: the `iss` claim.',
  }),
  JITSI_JWT_AUDIENCE: setting(claim, {
    fallback: 'jitsi',
    about: 'Self-hosted only: the `aud` claim.',
  }),
  JITSI_JWT_SUBJECT: setting(text(/^[a-z0-9](?:[a-z0-9.-]{0,253}[a-z0-9])?$/, 'a domain or a tenant in lower case'), {
    fallback: undefined,
    shown: '`JITSI_DOMAIN`',
    about:
      'Self-hosted only: the `sub` claim. It is the XMPP domain (`meet.jitsi` in the Docker setup), or a tenant; a name without a dot is a tenant.',
  }),
  JITSI_DOMAIN_VERIFICATION: setting(word('on', 'off'), {
    fallback: 'on',
    about:
      'Self-hosted only: `enable_domain_verification` of Prosody, which the Docker setup of Jitsi switches off. Only the inspection of tokens uses it.',
  }),
  JITSI_JWT_SECRET: secretSetting(sharedSecret, {
    fallback: undefined,
    about:
      'Self-hosted only: `app_secret` of Prosody. With it, tokens are signed with HS256, and no key is used or published.',
  }),
}
