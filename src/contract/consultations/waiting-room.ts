import { type Static, Type } from '@sinclair/typebox'
import { ParticipantId } from '../person.ts'
import { type ConsultationState, STATES } from './consultation-answer.ts'
import { timestamp } from '../timestamp.ts'

/** Who waits to be admitted. */
export const WaitingEntry = Type.Object(
  {
    userId: Type.String(),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    since: timestamp('since when'),
  },
  { $id: 'Waiter', description: 'Who waits to be admitted.' },
)
export type WaitingEntry = Static<typeof WaitingEntry>

/** The answer of `GET /api/jitsi/consultations/{id}/waiting`, the longest waiting first. */
export const WaitingList = Type.Object(
  { waiting: Type.Array(Type.Unsafe<WaitingEntry>(Type.Ref('Waiter'))) },
  { $id: 'WaitingList', description: 'Who waits to be admitted, the longest first.' },
)
export type WaitingList = Static<typeof WaitingList>

/** The body of `POST /api/jitsi/consultations/{id}/admit`. */
export const AdmitRequest = Type.Object(
  { userId: ParticipantId },
  {
    $id: 'AdmitRequest',
    additionalProperties: false,
    description: 'Who is admitted.',
    examples: [{ userId: 'patient-1042' }],
  },
)
export type AdmitRequest = Static<typeof AdmitRequest>

/**
 * What the events of a consultation are called. `state` is the first of each stream, and what no other name fits; after
 * `ended`, `cancelled` and `removed` the stream ends.
 */
export const EVENTS = ['state', 'waiting', 'admitted', 'rescheduled', 'ended', 'cancelled', 'removed'] as const
export type EventName = (typeof EVENTS)[number]

/** What each event carries: the consultation as the listener may see it. */
export const ConsultationView = Type.Object(
  {
    consultationId: Type.String(),
    state: Type.Unsafe<ConsultationState>(Type.String({ enum: [...STATES] })),
    version: Type.Integer(),
    startsAt: timestamp('when it begins'),
    endsAt: timestamp('when it ends'),
    closesAt: timestamp('from when nobody may enter any more'),
    opensAt: Type.Optional(timestamp('from when the listener may enter')),
    waitingSince: Type.Optional(timestamp('since when the listener waits')),
    admittedAt: Type.Optional(timestamp('when the listener was admitted: the time to ask for the token again')),
    waiting: Type.Optional(
      Type.Array(Type.Unsafe<WaitingEntry>(Type.Ref('Waiter')), { description: 'for who may admit' }),
    ),
  },
  { $id: 'ConsultationView', description: 'A consultation as the listener may see it: data of each event.' },
)
export type ConsultationView = Static<typeof ConsultationView>
