import { type Static, Type } from '@sinclair/typebox'
import { UserId } from '../id.ts'
import { DisplayName } from '../person.ts'
import { MeetingConfig } from '../meetings/meeting-config.ts'
import { RoleName } from '../role-name.ts'

/** The shortest lifetime that a request may contain, in minutes. */
export const MIN_LIFETIME_MINUTES = 5

/** The longest lifetime that a policy may allow, in minutes: one day. */
export const MAX_LIFETIME_MINUTES = 1440

/** The maximum length of an e-mail address (RFC 5321, with erratum 1690). */
export const MAX_EMAIL_CHARACTERS = 254

/** A valid e-mail address as the HTML standard defines it, with bounded lengths. */
export const EMAIL_PATTERN =
  "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"

/** A room name that Jitsi's client leaves unchanged, so that the claim equals the joined room. */
const RoomId = Type.String({
  pattern: '^[a-z0-9-]{1,128}$',
  description: '1 to 128 characters of a-z, 0-9 and -, matching the room pattern of the policy',
})

/** The body of `POST /api/jitsi/token`: one user, one room, one role. */
export const TokenRequest = Type.Object(
  {
    roomId: RoomId,
    userId: Type.Optional(UserId),
    userName: Type.Optional(DisplayName),
    userEmail: Type.Optional(
      Type.String({
        maxLength: MAX_EMAIL_CHARACTERS,
        pattern: EMAIL_PATTERN,
        description:
          'an e-mail address of at most 254 characters; in the token only if the role has shareEmail in the policy',
      }),
    ),
    userAvatar: Type.Optional(
      Type.String({
        maxLength: 2048,
        format: 'https-url',
        description: 'an https URL of at most 2048 ASCII characters, without user name or password',
      }),
    ),
    userRole: Type.Optional(RoleName),
    expirationMinutes: Type.Optional(
      Type.Integer({
        minimum: MIN_LIFETIME_MINUTES,
        maximum: MAX_LIFETIME_MINUTES,
        description: `a whole number of minutes from ${MIN_LIFETIME_MINUTES} to the maximum of the role; the role defines the default`,
      }),
    ),
  },
  {
    $id: 'TokenRequest',
    additionalProperties: false,
    description:
      'A user, a room and a role. With an API key, userId, userName and userRole are required; a caller bound to consultations may omit a name and a role that the consultation defines. For a signed-in user, all three come from the access token; userRole is required if the user has several roles.',
    examples: [
      {
        roomId: 'bharattelemed-p1042-d77-1764000000',
        userId: 'doctor-77',
        userName: 'Dr. Meera Iyer',
        userRole: 'doctor',
        expirationMinutes: 60,
      },
    ],
  },
)
export type TokenRequest = Static<typeof TokenRequest>

/** The parameters of JitsiMeetExternalAPI in addition to the token: where the meeting is, and its configuration. */
export const Meeting = Type.Object(
  {
    domain: Type.String({ description: 'the first argument of JitsiMeetExternalAPI' }),
    roomName: Type.String({ description: 'the option roomName of JitsiMeetExternalAPI; on JaaS <AppID>/<room>' }),
    scriptUrl: Type.String({ description: 'the URL of external_api.js' }),
    ...MeetingConfig.properties,
  },
  {
    $id: 'Meeting',
    description:
      'The parameters of JitsiMeetExternalAPI for the role on a good network. For other networks, use GET /api/jitsi/meeting-config.',
  },
)
export type Meeting = Static<typeof Meeting>

/** The answer to a token request. The type of its first five properties never changes. */
export const TokenAnswer = Type.Object(
  {
    token: Type.String({ description: 'the signed JWT, less than 8 kB: the option jwt of JitsiMeetExternalAPI' }),
    expiresAt: Type.String({ format: 'date-time', description: 'when the token expires (UTC)' }),
    roomId: Type.String(),
    userRole: Type.String(),
    moderator: Type.Boolean(),
    meeting: Type.Unsafe<Meeting>(Type.Ref('Meeting')),
    consultationId: Type.Optional(
      Type.String({ description: 'the consultation of the room, if the caller is bound to consultations' }),
    ),
  },
  {
    $id: 'TokenAnswer',
    description: 'A token for one user, one room and one role.',
    examples: [
      {
        token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl',
        expiresAt: '2026-11-23T10:00:00.000Z',
        roomId: 'bharattelemed-p1042-d77-1764000000',
        userRole: 'doctor',
        moderator: true,
        meeting: {
          domain: '8x8.vc',
          roomName: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/bharattelemed-p1042-d77-1764000000',
          scriptUrl: 'https://8x8.vc/vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/external_api.js',
          // A part of the properties, for brevity.
          configOverwrite: { toolbarButtons: ['microphone', 'camera', 'hangup'], disableDeepLinking: true },
          interfaceConfigOverwrite: { VIDEO_LAYOUT_FIT: 'nocrop' },
        },
      },
    ],
  },
)
export type TokenAnswer = Static<typeof TokenAnswer>

/** The answer to a participant who must be admitted first. */
export const WaitingAnswer = Type.Object(
  {
    state: Type.Literal('waiting'),
    since: Type.String({ format: 'date-time', description: 'when the participant began to wait (UTC)' }),
    consultationId: Type.String({ description: 'the consultation; follow its events, or repeat the request' }),
  },
  {
    $id: 'Waiting',
    description: 'No token yet: a moderator must admit the participant first.',
    examples: [
      {
        state: 'waiting',
        since: '2026-11-23T09:52:10.000Z',
        consultationId: '019ab000-0000-7000-8000-000000000001',
      },
    ],
  },
)
export type WaitingAnswer = Static<typeof WaitingAnswer>
