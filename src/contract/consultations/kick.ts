import { type Static, Type } from '@sinclair/typebox'

/** The body of `POST /api/jitsi/consultations/{id}/kick`. */
export const KickRequest = Type.Object(
  {
    participantId: Type.String({
      pattern: '^[0-9a-f]{8}$',
      description: "8 hex digits: Jitsi's id of the participant, from the IFrame API or a webhook",
    }),
  },
  {
    $id: 'KickRequest',
    additionalProperties: false,
    description: 'The participant to remove from the running meeting.',
    examples: [{ participantId: '4a1b0c9d' }],
  },
)
export type KickRequest = Static<typeof KickRequest>
