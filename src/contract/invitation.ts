import { type Static, Type } from '@sinclair/typebox'
import { ConsultationId } from './consultation-id.ts'
import { UserId } from './id.ts'
import { DisplayName } from './person.ts'
import { timestampInput, timestamp } from './timestamp.ts'
import { RoleName } from './role-name.ts'

/** The maximum number of uses of an invitation. */
const MAX_USES = 50

/**
 * The uses of an invitation for one person whose request names none. People open a link in a messenger first, then in
 * their browser.
 */
export const DEFAULT_USES_OF_PERSON = 3

/** The maximum number of invitations of a consultation: usable ones, and in total. */
export const MAX_LIVE_INVITATIONS = 100
export const MAX_INVITATIONS = 500

/** The maximum number of guests of an invitation who are in the consultation and were not admitted yet. */
export const MAX_WAITING_GUESTS = 20

/** The most consultations that a browser is bound to; beyond that, it loses those that are over, then the oldest. */
export const MAX_SESSIONS_OF_BROWSER = 20

/** Random bytes in an invitation code and in the cookie that identifies a browser: 256 bits cannot be guessed. */
export const SECRET_BYTES = 32

const closed = { additionalProperties: false }

/** The body of `POST /api/jitsi/consultations/{id}/invitations`. */
export const InvitationRequest = Type.Object(
  {
    role: RoleName,
    name: Type.Optional(DisplayName),
    userId: Type.Optional(UserId),
    uses: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_USES,
        description: `a whole number from 1 to ${MAX_USES}: how many browsers may use it; default: ${DEFAULT_USES_OF_PERSON} with userId, otherwise 1`,
      }),
    ),
    expiresAt: Type.Optional(
      timestampInput('the deadline for the first use, in the future; default: closesAt of the consultation'),
    ),
  },
  {
    $id: 'InvitationRequest',
    ...closed,
    description:
      'A role, and optionally a person. With userId, every use admits that participant; without it, each use adds another guest.',
    examples: [{ role: 'patient', userId: 'patient-1042', name: 'Asha Rao' }],
  },
)
export type InvitationRequest = Static<typeof InvitationRequest>

/** An invitation as the API returns it. Only the answers to its creation and resending contain the code. */
export const InvitationAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
    consultationId: Type.String({ format: 'uuid' }),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    userId: Type.Optional(Type.String()),
    uses: Type.Integer({ description: 'how many browsers may use it' }),
    used: Type.Integer({ description: 'how many browsers have used it' }),
    createdAt: timestamp('when it was created'),
    expiresAt: timestamp('deadline for the first use'),
    revokedAt: Type.Optional(timestamp('when it was revoked')),
    code: Type.Optional(Type.String({ description: '64 hex digits; only when created or resent' })),
    link: Type.Optional(
      Type.String({ description: '<PUBLIC_URL>/join#<code>; only with code, and if PUBLIC_URL is set' }),
    ),
  },
  { $id: 'Invitation', description: 'An invitation to a consultation.' },
)
export type InvitationAnswer = Static<typeof InvitationAnswer>

/** The invitations of a consultation, oldest first. */
export const InvitationList = Type.Object(
  { invitations: Type.Array(Type.Unsafe<InvitationAnswer>(Type.Ref('Invitation'))) },
  { $id: 'InvitationList', description: 'The invitations of a consultation, oldest first.' },
)
export type InvitationList = Static<typeof InvitationList>

/** The body of `POST /api/jitsi/invitations/redeem`. */
export const RedeemRequest = Type.Object(
  {
    code: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'the code of the invitation (after # in the link): 64 lower-case hex digits',
      }),
    ),
    consultationId: Type.Optional(ConsultationId),
    displayName: Type.Optional(DisplayName),
  },
  {
    $id: 'RedeemRequest',
    ...closed,
    description:
      'The code of an invitation; a browser that is bound already needs none, but the consultationId if it is bound to several consultations. A display name in case neither the invitation nor the participant has one; not the name of another participant.',
    examples: [{ code: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', displayName: 'Asha Rao' }],
  },
)
export type RedeemRequest = Static<typeof RedeemRequest>
