import { type Static, Type } from '@sinclair/typebox'
import { ConsultationId } from './consultation-id.ts'
import { UserId } from './id.ts'
import { timestampInput, timestamp } from './timestamp.ts'
import { NextCursor, pageParameters } from './page.ts'

/** The body of `POST /api/jitsi/revocations`: at least one of a consultation, a user and a time. */
export const RevocationRequest = Type.Object(
  {
    consultationId: Type.Optional(ConsultationId),
    userId: Type.Optional(UserId),
    issuedBefore: Type.Optional(timestampInput('tokens issued before this time are not renewed; not in the future')),
  },
  {
    $id: 'RevocationRequest',
    additionalProperties: false,
    minProperties: 1,
    description:
      'At least one field. userId revokes the access of a user, consultationId that of everyone in a consultation, both that of a user in a consultation: no new token and no renewal until the revocation is lifted. With issuedBefore, only the renewal of tokens issued before that time is refused; alone, it applies to all tokens. Jitsi accepts a token that was already issued until it expires.',
    examples: [{ userId: 'patient-1042' }],
  },
)
export type RevocationRequest = Static<typeof RevocationRequest>

const revocation = {
  id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
  consultationId: Type.Optional(Type.String()),
  userId: Type.Optional(Type.String()),
  issuedBefore: Type.Optional(timestamp('tokens issued before this time are not renewed')),
  createdAt: timestamp('when it was created'),
}

/** A revocation in force as the API returns it. */
export const RevocationAnswer = Type.Object(revocation, {
  $id: 'Revocation',
  description: 'A revocation in force.',
})
export type RevocationAnswer = Static<typeof RevocationAnswer>

/** The result of the change of the running meeting at JaaS. */
export type ConferenceOutcome = 'done' | 'failed' | 'off'

/** The answer to the creation of a revocation. */
export const CreatedRevocation = Type.Object(
  {
    ...revocation,
    conference: Type.Unsafe<ConferenceOutcome>(
      Type.String({
        enum: ['done', 'failed', 'off'],
        description:
          'the running meeting: done: JaaS banned the user or ended the meeting; failed: JaaS did not confirm, but the revocation is in force; off: nothing was sent, because JAAS_MANAGEMENT is off, or the revocation has issuedBefore or both userId and consultationId',
      }),
    ),
  },
  { $id: 'CreatedRevocation', description: 'A new revocation, and its effect on the running meeting.' },
)
export type CreatedRevocation = Static<typeof CreatedRevocation>

/** The maximum and the default number of revocations per page. */
export const MAX_REVOCATION_LIMIT = 500
export const DEFAULT_REVOCATION_LIMIT = 50

/** The query of `GET /api/jitsi/revocations`. Values are strings; src/rules/revocation.ts parses them. */
export const RevocationQuery = Type.Object(
  {
    ...pageParameters(DEFAULT_REVOCATION_LIMIT, MAX_REVOCATION_LIMIT),
  },
  { additionalProperties: false },
)
export type RevocationQuery = Static<typeof RevocationQuery>

/** A page of the revocations in force, newest first. */
export const RevocationPage = Type.Object(
  {
    revocations: Type.Array(Type.Unsafe<RevocationAnswer>(Type.Ref('Revocation'))),
    nextCursor: NextCursor,
  },
  { $id: 'RevocationPage', description: 'A page of the revocations in force, newest first.' },
)
export type RevocationPage = Static<typeof RevocationPage>
