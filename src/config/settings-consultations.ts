import { isPlainUrl, MAC_KEY, macKey, optional, setting, wholeNumber } from './setting.ts'

/** What consultations need beside the policy. */
export const CONSULTATION_SETTINGS = {
  PUBLIC_URL: setting(
    optional,
    'none',
    isPlainUrl,
    'an https URL such as https://visits.example.org, without a query',
    'Where people find the page that invitations and appointments link to, `<PUBLIC_URL>/join`.',
  ),
  CONSULTATION_RETENTION_DAYS: setting(
    90,
    '90',
    wholeNumber(0, 36_500),
    'a whole number from 0 to 36500',
    'How long after its end a consultation is kept, with the names of its people and its invitations; 0 for ever. The record keeps what it says by `AUDIT_RETENTION_DAYS`.',
  ),
  EVENTS_HEARTBEAT_SECONDS: setting(
    15,
    '15',
    wholeNumber(1, 25),
    'a whole number from 1 to 25',
    'How often a stream of events shows that it lives, so that no proxy takes it for idle.',
  ),
  ROOM_NAME_KEY: {
    ...setting(optional, 'none', macKey, MAC_KEY, 'Key of `{hash}` in the room template of the policy.'),
    secret: true as const,
  },
}
