import { type Static, Type } from '@sinclair/typebox'
import { DisplayName } from '../person.ts'
import { MeetingConfig } from '../meetings/meeting-config.ts'
import { RoleName } from '../role-name.ts'

/** The shortest lifetime that may be asked for, in minutes. */
export const MIN_LIFETIME_MINUTES = 5

/** The longest lifetime that a policy may allow, in minutes: one day. */
export const MAX_LIFETIME_MINUTES = 1440

/** The longest e-mail address (RFC 5321, with its erratum 1690). */
export const MAX_EMAIL_CHARACTERS = 254

/** An e-mail address: the production of the HTML standard for valid ones, its lengths bounded. */
export const EMAIL_PATTERN =
  "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"

/** Shape of a room name: what Jitsi's client leaves unchanged, so that the claim equals the room that is joined. */
const RoomId = Type.String({
  pattern: '^[a-z0-9-]{1,128}$',
  description: '1 to 128 characters of a-z, 0-9 and -, matching the room pattern of the policy',
})

/** Shape of a user's id; it becomes `context.user.id` and stands in the audit entry. */
const UserId = Type.String({
  pattern: '^[A-Za-z0-9._:@-]{1,128}$',
  description: '1 to 128 characters of A-Z, a-z, 0-9 and . _ : @ -',
})

/** The body of `POST /api/jitsi/token`: one person, one room, one role. */
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
          'an e-mail address of at most 254 characters; it enters the token only where the policy of the role says so',
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
        description: `a whole number of minutes from ${MIN_LIFETIME_MINUTES} up to the maximum of the role; without it, the default of the role`,
      }),
    ),
  },
  {
    $id: 'TokenRequest',
    additionalProperties: false,
    description:
      'Who enters which room in which role. A caller with an API key names userId, userName and userRole. For a signed-in user they come from the access token: they may be left out, but for userRole where the user has several roles.',
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

/** Where the meeting takes place, and how it fits the role: what the IFrame API needs beside the token. */
export const Meeting = Type.Object(
  {
    domain: Type.String({ description: 'first argument of JitsiMeetExternalAPI' }),
    roomName: Type.String({ description: 'option roomName of JitsiMeetExternalAPI: <AppID>/<room>' }),
    scriptUrl: Type.String({ description: 'where external_api.js is loaded from' }),
    ...MeetingConfig.properties,
  },
  {
    $id: 'Meeting',
    description:
      'Where the meeting takes place, and how it fits the role on a good network; GET /api/jitsi/meeting-config has it for others.',
  },
)
export type Meeting = Static<typeof Meeting>

/** The answer to a token request. Its first five members never change shape. */
export const TokenAnswer = Type.Object(
  {
    token: Type.String({ description: 'the signed JWT, under 8 kB; option jwt of JitsiMeetExternalAPI' }),
    expiresAt: Type.String({ format: 'date-time', description: 'when the token expires: ISO 8601, UTC' }),
    roomId: Type.String(),
    userRole: Type.String(),
    moderator: Type.Boolean(),
    meeting: Type.Unsafe<Meeting>(Type.Ref('Meeting')),
    consultationId: Type.Optional(Type.String({ description: 'the consultation in this room, where it decided' })),
  },
  {
    $id: 'TokenAnswer',
    description: 'A token for one person, one room and one role.',
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
          // Some of the members; all of them would fill a page.
          configOverwrite: { toolbarButtons: ['microphone', 'camera', 'hangup'], disableDeepLinking: true },
          interfaceConfigOverwrite: { VIDEO_LAYOUT_FIT: 'nocrop' },
        },
      },
    ],
  },
)
export type TokenAnswer = Static<typeof TokenAnswer>

/** The answer to whoever has to be admitted first. */
export const WaitingAnswer = Type.Object(
  {
    state: Type.Literal('waiting'),
    since: Type.String({ format: 'date-time', description: 'since when; ISO 8601, UTC' }),
    consultationId: Type.String({ description: 'whose events tell of the admission; asking again does so too' }),
  },
  {
    $id: 'Waiting',
    description: 'There is no token yet: the doctor has to admit this person.',
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
