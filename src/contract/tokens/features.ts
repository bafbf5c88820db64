/**
 * Every key of `context.features` that the Jitsi web client knows (its list MEET_FEATURES, September 2026). A token
 * contains all of them: an absent `screen-sharing` means on, and without `features` a moderator has every feature.
 */
export const FEATURES = [
  'branding',
  'calendar',
  'create-polls',
  'file-upload',
  'flip',
  'inbound-call',
  'list-visitors',
  'live-translation',
  'livestreaming',
  'lobby',
  'moderation',
  'outbound-call',
  'recording',
  'room',
  'screen-sharing',
  'send-groupchat',
  'send-private-message',
  'sip-inbound-call',
  'sip-outbound-call',
  'transcription',
] as const

/** A key of `context.features` that a role can list. */
export type Feature = (typeof FEATURES)[number]

/**
 * The key of `context.features` that only the Prosody plugins of a self-hosted Jitsi know (module `muc_displayname`). If it is
 * the boolean true, Prosody replaces every other nickname in the participant's presence with the name of the token.
 */
export const NAME_READONLY = 'name-readonly'
