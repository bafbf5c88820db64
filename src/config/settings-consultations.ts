import { macKey, publicUrl, wholeNumber, word } from './readers.ts'
import { secretSetting, setting } from './setting.ts'

/** Consultations, invitations and event streams. */
export const CONSULTATION_SETTINGS = {
  PUBLIC_URL: setting(publicUrl, {
    fallback: undefined,
    about:
      'Base URL of the page that invitations and appointments link to: `<PUBLIC_URL>/join`. `http://localhost` only outside production.',
  }),
  INVITATION_MOVES: setting(word('on', 'off'), {
    fallback: 'on',
    about:
      'Whether a person who opened an invitation in one browser can continue in another until the person has entered; `off` binds an invitation to the first browser.',
  }),
  WAITING_TIMEOUT_SECONDS: setting(wholeNumber(30, 3600), {
    fallback: 60,
    about:
      'Seconds after which a participant who neither asks for a token nor listens to events no longer waits for admission.',
  }),
  DRAFT_KEY: secretSetting(macKey, {
    fallback: undefined,
    about:
      'Key from which the keys are derived that seal the notes of moderators on their devices. Without it, the service gives none.',
  }),
  DRAFT_KEY_DAYS: setting(wholeNumber(1, 90), {
    fallback: 7,
    about: 'Days after the end of a consultation during which the key of its notes can be read.',
  }),
  CONSULTATION_RETENTION_DAYS: setting(wholeNumber(0, 36_500), {
    fallback: 90,
    about:
      'Days that a consultation is kept after its end, with the names of its participants and its invitations; 0 keeps it forever. The audit record is kept for `AUDIT_RETENTION_DAYS`.',
  }),
  EVENTS_HEARTBEAT_SECONDS: setting(wholeNumber(1, 25), {
    fallback: 15,
    about: 'Seconds between two heartbeats of an event stream, so that no proxy closes it as idle.',
  }),
  ROOM_NAME_KEY: secretSetting(macKey, {
    fallback: undefined,
    about: 'Key of the `{hash}` in the room template of the policy.',
  }),
}
