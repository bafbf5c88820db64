import { isPlainUrl, MAC_KEY, macKey, optional, setting } from './setting-values.ts'

/** What consultations need beside the policy. */
export const CONSULTATION_SETTINGS = {
  PUBLIC_URL: setting(
    optional,
    'none',
    isPlainUrl,
    'an https URL such as https://visits.example.org, without a query',
    'Where people find the page that invitations and appointments link to, `<PUBLIC_URL>/join`.',
  ),
  ROOM_NAME_KEY: {
    ...setting(optional, 'none', macKey, MAC_KEY, 'Key of `{hash}` in the room template of the policy.'),
    secret: true as const,
  },
}
