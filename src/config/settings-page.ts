import { displayText, httpsUrl, languages, text } from './readers.ts'
import { setting } from './setting.ts'

/** The public configuration of a consultation page, `GET /page-config.json`. */
export const PAGE_SETTINGS = {
  PAGE_BRAND_NAME: setting(displayText, {
    fallback: 'Video consultation',
    about: 'Name that the consultation page shows.',
  }),
  PAGE_LOGO_URL: setting(httpsUrl, { fallback: undefined, about: 'Logo of the consultation page.' }),
  PAGE_COLOR: setting(text(/^#[0-9a-fA-F]{6}$/, 'a colour such as #0a7d5a'), {
    fallback: undefined,
    about: 'Main colour of the consultation page.',
  }),
  PAGE_SUPPORT_PHONE: setting(
    text(/^\+?[0-9][0-9 ()./-]{1,30}[0-9]$/, 'a phone number: digits, spaces and ( ) . / -, after an optional +'),
    { fallback: undefined, about: 'Phone number for people who have problems with the page.' },
  ),
  PAGE_LANGUAGES: setting(languages, {
    fallback: ['en', 'hi'] as readonly string[],
    about: 'Languages of the consultation page; the first is the default.',
  }),
  PAGE_OIDC_ISSUER: setting(httpsUrl, {
    fallback: undefined,
    about: 'Issuer in the policy at which the users of the page sign in; requires `PAGE_OIDC_CLIENT_ID`.',
  }),
  PAGE_OIDC_CLIENT_ID: setting(text(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters without spaces'), {
    fallback: undefined,
    about: 'Public client of the page at `PAGE_OIDC_ISSUER`.',
  }),
  PAGE_OIDC_SCOPE: setting(
    text(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'scopes, separated by spaces'),
    {
      fallback: 'openid profile',
      about: 'Scopes that the page requests when a user signs in.',
    },
  ),
  EMR_DOCUMENTS_URL: setting(httpsUrl, {
    fallback: undefined,
    about: 'URL to which the page of a signed-in doctor posts clinical documents. The service never receives them.',
  }),
}
