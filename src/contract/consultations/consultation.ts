import type { Card } from './card.ts'
import { ExternalId, UserId } from '../id.ts'
import { DisplayName } from '../person.ts'
import { type Static, Type } from '@sinclair/typebox'
import { timestampInput } from '../timestamp.ts'
import { RoleName } from '../role-name.ts'

/** Bounds of the duration of a consultation, in minutes. */
export const MIN_DURATION_MINUTES = 5
export const MAX_DURATION_MINUTES = 1440

/** The duration if the request contains neither `endsAt` nor `durationMinutes`, in minutes. */
export const DEFAULT_DURATION_MINUTES = 30

/** The maximum number of participants of a consultation. */
export const MAX_PARTICIPANTS = 50

/** How far in the future a consultation may start, in days. */
export const MAX_AHEAD_DAYS = 732

/** The roles of the two participants that every consultation has. */
export const DOCTOR_ROLE = 'doctor'
export const PATIENT_ROLE = 'patient'

const closed = { additionalProperties: false }

const participant = { userId: UserId, role: RoleName, name: Type.Optional(DisplayName) }
const participants = (description: string, minItems: number) =>
  Type.Array(Type.Object(participant, { ...closed, description: 'a participant: { userId, role, name? }' }), {
    minItems,
    maxItems: MAX_PARTICIPANTS,
    description: `${description}: a list of ${minItems} to ${MAX_PARTICIPANTS} participants { userId, role, name? }`,
  })

const schedule = {
  startsAt: Type.Optional(timestampInput('the start of the consultation')),
  endsAt: Type.Optional(timestampInput('the end of the consultation, instead of durationMinutes')),
  durationMinutes: Type.Optional(
    Type.Integer({
      minimum: MIN_DURATION_MINUTES,
      maximum: MAX_DURATION_MINUTES,
      description: `a whole number of minutes from ${MIN_DURATION_MINUTES} to ${MAX_DURATION_MINUTES}, instead of endsAt`,
    }),
  ),
}

const terms = {
  externalId: Type.Optional(ExternalId),
  card: Type.Optional(Type.Unsafe<Card>(Type.Ref('Card'))),
  waitingRoom: Type.Optional(
    Type.Boolean({ description: 'true or false: whether participants who do not moderate wait to be admitted' }),
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
    patientId: UserId,
    doctorId: UserId,
    ...schedule,
    participants: Type.Optional(participants('more participants, or names for the patient and the doctor', 0)),
    ...terms,
  },
  {
    $id: 'ConsultationRequest',
    ...closed,
    description: `A doctor, a patient and a schedule. Defaults: the consultation starts now and lasts ${DEFAULT_DURATION_MINUTES} minutes.`,
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

/** The body of `PATCH /api/jitsi/consultations/{id}`. Absent fields do not change. */
export const ConsultationChange = Type.Object(
  {
    ...schedule,
    participants: Type.Optional(participants('all participants; absent ones are removed', 1)),
    ...terms,
  },
  {
    $id: 'ConsultationChange',
    ...closed,
    minProperties: 1,
    description: 'The fields to change. Absent fields do not change. A new start without an end keeps the duration.',
    examples: [{ startsAt: '2026-11-23T11:00:00Z', durationMinutes: 45 }],
  },
)
export type ConsultationChange = Static<typeof ConsultationChange>
