import { type Static, Type } from '@sinclair/typebox'
import { ConsultationId } from './consultation-id.ts'
import { ParticipantId } from './person.ts'
import { timestampInput, timestamp } from './timestamp.ts'

/** The body of `POST /api/jitsi/revocations`: a consultation, a user anywhere, or a user in a consultation. */
export const RevocationRequest = Type.Object(
  {
    consultationId: Type.Optional(ConsultationId),
    userId: Type.Optional(ParticipantId),
    issuedBefore: Type.Optional(timestampInput('tokens from before it are not renewed; not in the future')),
  },
  {
    $id: 'RevocationRequest',
    additionalProperties: false,
    minProperties: 1,
    description:
      'Whose access is revoked: everybody in a consultation, a user anywhere, or a user in a consultation. Without issuedBefore they get no new token and no renewal until it is lifted. With issuedBefore tokens from before are not renewed, and new ones may be had; with it alone that holds for every token. A token that is out already stays valid for Jitsi until it expires.',
    examples: [{ userId: 'patient-1042' }],
  },
)
export type RevocationRequest = Static<typeof RevocationRequest>

const revocation = {
  id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
  consultationId: Type.Optional(Type.String()),
  userId: Type.Optional(Type.String()),
  issuedBefore: Type.Optional(timestamp('tokens from before it are not renewed')),
  createdAt: timestamp('since when it is in force'),
}

/** A revocation in force, as it is told. */
export const RevocationAnswer = Type.Object(revocation, {
  $id: 'Revocation',
  description: 'A revocation that is in force.',
})
export type RevocationAnswer = Static<typeof RevocationAnswer>

/** What became of the meeting. */
export type ConferenceOutcome = 'done' | 'failed' | 'off'

/** The answer to a revocation that was made. */
export const RevocationMade = Type.Object(
  {
    ...revocation,
    conference: Type.Unsafe<ConferenceOutcome>(
      Type.String({
        enum: ['done', 'failed', 'off'],
        description:
          'what JaaS was told: done: to ban the user, or to destroy the meeting; failed: it could not be told, the revocation stands all the same; off: nothing, for it takes a revocation of a user anywhere or of a whole consultation, without issuedBefore, and the setting JAAS_MANAGEMENT',
      }),
    ),
  },
  { $id: 'RevocationMade', description: 'A revocation that was made, and what became of the meeting.' },
)
export type RevocationMade = Static<typeof RevocationMade>

/** The most revocations that one answer holds, and how many it holds unless told otherwise. */
export const MAX_REVOCATION_LIMIT = 500
export const DEFAULT_REVOCATION_LIMIT = 50

/** The query of `GET /api/jitsi/revocations`. Values come as text; what they mean is checked in rules. */
export const RevocationQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9]\\d{0,2}$',
        description: `a whole number from 1 to ${MAX_REVOCATION_LIMIT}; ${DEFAULT_REVOCATION_LIMIT} without it`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,256}$', description: 'nextCursor of the answer before' }),
    ),
  },
  { additionalProperties: false },
)
export type RevocationQuery = Static<typeof RevocationQuery>

/** A page of revocations, newest first. */
export const RevocationPage = Type.Object(
  {
    revocations: Type.Array(Type.Unsafe<RevocationAnswer>(Type.Ref('Revocation'))),
    nextCursor: Type.Optional(Type.String({ description: 'ask with it for what follows; absent at the end' })),
  },
  { $id: 'RevocationPage', description: 'A page of the revocations that are in force, newest first.' },
)
export type RevocationPage = Static<typeof RevocationPage>
