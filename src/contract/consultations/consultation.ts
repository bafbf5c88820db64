import { DisplayName, ParticipantId } from '../person.ts'
import { type Static, Type } from '@sinclair/typebox'
import { timestampInput } from '../timestamp.ts'
import { RoleName } from '../role-name.ts'

/** The shortest and the longest consultation, in minutes. */
export const MIN_DURATION_MINUTES = 5
export const MAX_DURATION_MINUTES = 1440

/** How long a consultation lasts whose request does not say, in minutes. */
export const DEFAULT_DURATION_MINUTES = 30

/** The most people that a consultation has. */
export const MAX_PARTICIPANTS = 50

/** How far ahead a consultation may begin, in days. */
export const MAX_AHEAD_DAYS = 732

/** The roles of the two that every consultation has. */
export const DOCTOR = 'doctor'
export const PATIENT = 'patient'

const closed = { additionalProperties: false }

const participant = { userId: ParticipantId, role: RoleName, name: Type.Optional(DisplayName) }
const participants = (description: string, minItems: number) =>
  Type.Array(Type.Object(participant, { ...closed, description: 'a participant: { userId, role, name? }' }), {
    minItems,
    maxItems: MAX_PARTICIPANTS,
    description: `${description}: a list of ${minItems} to ${MAX_PARTICIPANTS} participants { userId, role, name? }`,
  })

const schedule = {
  startsAt: Type.Optional(timestampInput('when it begins')),
  endsAt: Type.Optional(timestampInput('when it ends; not beside durationMinutes')),
  durationMinutes: Type.Optional(
    Type.Integer({
      minimum: MIN_DURATION_MINUTES,
      maximum: MAX_DURATION_MINUTES,
      description: `a whole number of minutes from ${MIN_DURATION_MINUTES} to ${MAX_DURATION_MINUTES}; not beside endsAt`,
    }),
  ),
}

export const ExternalId = Type.String({
  pattern: '^[\\x21-\\x7e]{1,128}$',
  description: '1 to 128 printable ASCII characters without blanks: how your own system calls it',
})

const terms = {
  externalId: Type.Optional(ExternalId),
  waitingRoom: Type.Optional(
    Type.Boolean({ description: 'true or false: whether those who do not moderate wait until they are admitted' }),
  ),
  maxParticipants: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_PARTICIPANTS,
      description: `a whole number from 1 to ${MAX_PARTICIPANTS}: how many different people may enter`,
    }),
  ),
}

/** The body of `POST /api/jitsi/consultations`. */
export const ConsultationRequest = Type.Object(
  {
    patientId: ParticipantId,
    doctorId: ParticipantId,
    ...schedule,
    participants: Type.Optional(participants('who else takes part, or the names of the two', 0)),
    ...terms,
  },
  {
    $id: 'ConsultationRequest',
    ...closed,
    description: `One doctor and one patient, and when they meet. It begins now and lasts ${DEFAULT_DURATION_MINUTES} minutes unless told otherwise.`,
    examples: [
      {
        patientId: 'patient-1042',
        doctorId: 'doctor-77',
        startsAt: '2026-11-23T10:00:00Z',
        durationMinutes: 30,
        waitingRoom: true,
      },
    ],
  },
)
export type ConsultationRequest = Static<typeof ConsultationRequest>

/** The body of `PATCH /api/jitsi/consultations/{id}`: what is absent stays as it is. */
export const ConsultationChange = Type.Object(
  {
    ...schedule,
    participants: Type.Optional(participants('everybody who takes part from now on; who is not named is removed', 1)),
    ...terms,
  },
  {
    $id: 'ConsultationChange',
    ...closed,
    minProperties: 1,
    description: 'What changes; what is absent stays. A new start without an end keeps the duration.',
    examples: [{ startsAt: '2026-11-23T11:00:00Z', durationMinutes: 45 }],
  },
)
export type ConsultationChange = Static<typeof ConsultationChange>
