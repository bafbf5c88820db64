import { type Static, Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'

/**
 * The buttons that a toolbar may contain, in the order of the toolbar: names from Jitsi's TOOLBAR_BUTTONS (2026).
 * Excluded are buttons that lead to other services (sharedvideo, etherpad, linktosalesforce), out of the consultation
 * (embedmeeting, download, help), or to data that the token defines (profile).
 */
export const BUTTONS = [
  'microphone',
  'camera',
  'toggle-camera',
  'desktop',
  'shareaudio',
  'chat',
  'filesharing',
  'raisehand',
  'participants-pane',
  'tileview',
  'videoquality',
  'fullscreen',
  'select-background',
  'noisesuppression',
  'closedcaptions',
  'recording',
  'livestreaming',
  'polls',
  'whiteboard',
  'invite',
  'mute-everyone',
  'mute-video-everyone',
  'security',
  'stats',
  'settings',
  'shortcuts',
  'hangup',
] as const
export type Button = (typeof BUTTONS)[number]

/**
 * The path of audio and video while exactly two people are in a meeting. With three or more, media always pass the
 * bridge.
 * - `relay`: peer to peer, end-to-end encrypted, through a TURN server. The server cannot read the media and hides the
 *   network address of each peer from the other. Without a TURN server, Jitsi uses the bridge.
 * - `direct`: peer to peer, end-to-end encrypted, on the shortest path. Each peer learns the network address of the
 *   other; a patient learns the address of a doctor at home.
 * - `bridge`: through Jitsi's bridge, which decrypts and re-encrypts the media. Neither peer learns the other's
 *   address.
 */
export const MEDIA_PATHS = ['relay', 'direct', 'bridge'] as const
export type MediaPath = (typeof MEDIA_PATHS)[number]

/** The video heights for which Jitsi has a quality level. */
export const VIDEO_HEIGHTS = [180, 360, 720, 1080] as const

const closed = { additionalProperties: false }
const list = { uniqueItems: true, description: 'a list of unique buttons' }
const flag = Type.Boolean({ description: 'true or false' })

/** The properties of a role's meeting. Defaults follow from `moderator` and `features` of the role. */
export const RoleMeeting = Type.Object(
  {
    toolbar: Type.Optional(
      Type.Object(
        {
          add: Type.Optional(Type.Array(oneOf(BUTTONS), list)),
          // Every participant must be able to leave.
          remove: Type.Optional(Type.Array(oneOf(BUTTONS.filter((button) => button !== 'hangup')), list)),
        },
        { ...closed, description: '{ add?, remove? }' },
      ),
    ),
    mediaPath: Type.Optional(oneOf(MEDIA_PATHS)),
    maxHeight: Type.Optional(oneOf(VIDEO_HEIGHTS)),
    prejoin: Type.Optional(flag),
    avatars: Type.Optional(flag),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: '1 to 64 characters' })),
    logoUrl: Type.Optional(Type.String({ maxLength: 512, description: 'an https URL of at most 512 characters' })),
  },
  { ...closed, description: '{ toolbar?, mediaPath?, maxHeight?, prejoin?, avatars?, subject?, logoUrl? }' },
)
export type RoleMeeting = Static<typeof RoleMeeting>
