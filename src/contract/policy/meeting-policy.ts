import { type Static, Type } from '@sinclair/typebox'
import { oneOf } from '../one-of.ts'

/**
 * The buttons that a toolbar may hold, in the order in which it holds them: names of Jitsi's TOOLBAR_BUTTONS (2026). Left
 * out are those that lead to other services (sharedvideo, etherpad, linktosalesforce), out of the visit (embedmeeting,
 * download, help) or to what the token says (profile).
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
 * How sound and picture travel while exactly two people meet; from the third on they always pass the bridge.
 * - `relay`: from one to the other, encrypted from end to end, through a TURN server that sees neither content nor lets one
 *   side learn the network address of the other. Where there is no TURN server, the bridge is used.
 * - `direct`: the same on the shortest way. Each side learns the other's address, so a patient that of a doctor at home.
 * - `bridge`: through Jitsi's bridge, which decrypts and encrypts again. Neither side learns the other's address.
 */
export const MEDIA_PATHS = ['relay', 'direct', 'bridge'] as const
export type MediaPath = (typeof MEDIA_PATHS)[number]

/** Heights of a picture that Jitsi has a quality level for. */
export const HEIGHTS = [180, 360, 720, 1080] as const

const closed = { additionalProperties: false }
const list = { uniqueItems: true, description: 'a list of buttons, each once' }
const yesOrNo = Type.Boolean({ description: 'true or false' })

/** How the meeting of a role differs from what its moderator and features make of it. */
export const RoleMeeting = Type.Object(
  {
    toolbar: Type.Optional(
      Type.Object(
        {
          add: Type.Optional(Type.Array(oneOf(BUTTONS), list)),
          // Everybody can leave.
          remove: Type.Optional(Type.Array(oneOf(BUTTONS.filter((button) => button !== 'hangup')), list)),
        },
        { ...closed, description: '{ add?, remove? }' },
      ),
    ),
    mediaPath: Type.Optional(oneOf(MEDIA_PATHS)),
    maxHeight: Type.Optional(oneOf(HEIGHTS)),
    prejoin: Type.Optional(yesOrNo),
    avatars: Type.Optional(yesOrNo),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: '1 to 64 characters' })),
    logoUrl: Type.Optional(Type.String({ maxLength: 512, description: 'an https URL of at most 512 characters' })),
  },
  { ...closed, description: '{ toolbar?, mediaPath?, maxHeight?, prejoin?, avatars?, subject?, logoUrl? }' },
)
export type RoleMeeting = Static<typeof RoleMeeting>
