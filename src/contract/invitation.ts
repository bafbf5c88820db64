import { type Static, Type } from '@sinclair/typebox'
import { DisplayName, ParticipantId } from './person.ts'
import { timestampInput, timestamp } from './timestamp.ts'
import { RoleName } from './role-name.ts'

/** How often one invitation may be used at most. */
const MAX_USES = 50

/** How many invitations a consultation has at most: of those that can still be used, and in all. */
export const MAX_LIVE_INVITATIONS = 100
export const MAX_INVITATIONS = 500

/** Bytes of a code, and of what a browser is known by: 256 bits, which nobody guesses. */
export const SECRET_BYTES = 32

const closed = { additionalProperties: false }

/** The body of `POST /api/jitsi/consultations/{id}/invitations`. */
export const InvitationRequest = Type.Object(
  {
    role: RoleName,
    name: Type.Optional(DisplayName),
    userId: Type.Optional(ParticipantId),
    uses: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_USES,
        description: `a whole number from 1 to ${MAX_USES}: how many browsers may use it; 1 without it`,
      }),
    ),
    expiresAt: Type.Optional(
      timestampInput('until when it may be used first, in the future; without it, until nobody may enter any more'),
    ),
  },
  {
    $id: 'InvitationRequest',
    ...closed,
    description:
      'Who is invited, and as what. With userId it is one person, however often it is used; without, each use is another guest.',
    examples: [{ role: 'patient', userId: 'patient-1042', name: 'Asha Rao' }],
  },
)
export type InvitationRequest = Static<typeof InvitationRequest>

/** An invitation, as it is told. Its code is told once, when it is made or sent again. */
export const InvitationAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
    consultationId: Type.String({ format: 'uuid' }),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    userId: Type.Optional(Type.String()),
    uses: Type.Integer({ description: 'how many browsers may use it' }),
    used: Type.Integer({ description: 'how many did' }),
    createdAt: timestamp('when it was made'),
    expiresAt: timestamp('until when it may be used first'),
    revokedAt: Type.Optional(timestamp('when it was revoked')),
    code: Type.Optional(Type.String({ description: 'code of a redemption: 64 hex digits; it is told once' })),
    link: Type.Optional(
      Type.String({ description: '<PUBLIC_URL>/join#<code>, where PUBLIC_URL is set; it is told once' }),
    ),
  },
  { $id: 'Invitation', description: 'An invitation to a consultation.' },
)
export type InvitationAnswer = Static<typeof InvitationAnswer>

/** The invitations of a consultation, in the order in which they were made. */
export const InvitationList = Type.Object(
  { invitations: Type.Array(Type.Unsafe<InvitationAnswer>(Type.Ref('Invitation'))) },
  { $id: 'InvitationList', description: 'The invitations of a consultation, in the order in which they were made.' },
)
export type InvitationList = Static<typeof InvitationList>

/** The body of `POST /api/jitsi/invitations/redeem`. */
export const Redemption = Type.Object(
  {
    code: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: '64 hex digits in lower case, which stand behind the # of the link',
    }),
    displayName: Type.Optional(DisplayName),
  },
  {
    $id: 'Redemption',
    ...closed,
    description: 'The code of an invitation, and the name of whoever uses it where the invitation has none.',
    examples: [{ code: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', displayName: 'Asha Rao' }],
  },
)
export type Redemption = Static<typeof Redemption>
