import { type Static, Type } from '@sinclair/typebox'

/** The body of `POST /api/jitsi/consultations/{id}/kick`. */
export const KickRequest = Type.Object(
  {
    participantId: Type.String({
      pattern: '^[0-9a-f]{8}$',
      description: "8 hex digits: Jitsi's id of the participant, which the page and the webhooks tell",
    }),
  },
  {
    $id: 'KickRequest',
    additionalProperties: false,
    description: 'Who is kicked out of the running meeting.',
    examples: [{ participantId: '4a1b0c9d' }],
  },
)
export type KickRequest = Static<typeof KickRequest>
