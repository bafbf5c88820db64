import type { Config } from '../config/config.ts'
import type { PageConfig } from '../contract/page-config.ts'

/** Creates the public configuration of the consultation page from the settings. */
export const createPageConfig = (config: Config): PageConfig => ({
  brand: {
    name: config.PAGE_BRAND_NAME,
    ...(config.PAGE_LOGO_URL === undefined ? {} : { logoUrl: config.PAGE_LOGO_URL }),
    ...(config.PAGE_COLOR === undefined ? {} : { color: config.PAGE_COLOR }),
  },
  ...(config.PAGE_SUPPORT_PHONE === undefined ? {} : { supportPhone: config.PAGE_SUPPORT_PHONE }),
  languages: [...config.PAGE_LANGUAGES],
  ...(config.PAGE_OIDC_ISSUER === undefined || config.PAGE_OIDC_CLIENT_ID === undefined
    ? {}
    : { issuer: config.PAGE_OIDC_ISSUER, clientId: config.PAGE_OIDC_CLIENT_ID, scope: config.PAGE_OIDC_SCOPE }),
  domain: config.JITSI_DOMAIN,
  features: {
    drafts: config.DRAFT_KEY !== undefined,
    invitationMoves: config.INVITATION_MOVES === 'on',
  },
  ...(config.EMR_DOCUMENTS_URL === undefined ? {} : { emrUrl: config.EMR_DOCUMENTS_URL }),
})
