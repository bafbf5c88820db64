import { type Static, Type } from '@sinclair/typebox'
import { ExternalId } from './consultation.ts'
import { ParticipantId } from '../person.ts'
import { timestampInput, timestamp } from '../timestamp.ts'
import { oneOf } from '../one-of.ts'

/** Where a consultation stands. There is no way back. */
export const STATES = ['scheduled', 'open', 'ended', 'cancelled'] as const
export type ConsultationState = (typeof STATES)[number]

/** A participant, as it is told. */
export const ParticipantAnswer = Type.Object(
  {
    userId: Type.String(),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    opensAt: timestamp('from when this participant may enter'),
    waitingSince: Type.Optional(timestamp('since when this participant waits to be admitted')),
    admittedAt: Type.Optional(timestamp('when this participant was admitted')),
    enteredAt: Type.Optional(timestamp('when this participant first got a token')),
  },
  { $id: 'Participant', description: 'Who takes part, and how far this participant came.' },
)
export type ParticipantAnswer = Static<typeof ParticipantAnswer>

/** A consultation, as it is told. */
export const ConsultationAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
    roomId: Type.String({ description: 'roomId of a token request' }),
    version: Type.Integer({ description: 'grows with each change; the ETag, and If-Match of the next change' }),
    state: Type.Unsafe<ConsultationState>(
      Type.String({
        enum: [...STATES],
        description: 'open from the first token on; ended by POST …/end, or once nobody may enter any more',
      }),
    ),
    startsAt: timestamp('when it begins'),
    endsAt: timestamp('when it ends'),
    closesAt: timestamp('from when nobody may enter any more'),
    waitingRoom: Type.Boolean(),
    maxParticipants: Type.Optional(Type.Integer()),
    externalId: Type.Optional(Type.String()),
    participants: Type.Array(Type.Unsafe<ParticipantAnswer>(Type.Ref('Participant'))),
    links: Type.Object(
      {
        self: Type.String(),
        events: Type.String({ description: 'server-sent events' }),
        waiting: Type.String({ description: 'who waits to be admitted' }),
        invitations: Type.String(),
        calendar: Type.String({ description: 'the appointment as iCalendar' }),
      },
      { description: 'paths of this service' },
    ),
  },
  {
    $id: 'Consultation',
    description: 'A consultation: its room, its window, and who takes part.',
  },
)
export type ConsultationAnswer = Static<typeof ConsultationAnswer>

/** The most consultations that one answer holds, and how many it holds unless told otherwise. */
export const MAX_CONSULTATION_LIMIT = 500
export const DEFAULT_CONSULTATION_LIMIT = 50

/** The query of `GET /api/jitsi/consultations`. Values come as text; what they mean is checked in rules. */
export const ConsultationQuery = Type.Object(
  {
    from: Type.Optional(timestampInput('those that end later')),
    to: Type.Optional(timestampInput('those that begin earlier')),
    participant: Type.Optional(ParticipantId),
    externalId: Type.Optional(ExternalId),
    state: Type.Optional(oneOf(STATES)),
    limit: Type.Optional(
      Type.String({
        pattern: '^[1-9]\\d{0,2}$',
        description: `a whole number from 1 to ${MAX_CONSULTATION_LIMIT}; ${DEFAULT_CONSULTATION_LIMIT} without it`,
      }),
    ),
    cursor: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,256}$', description: 'nextCursor of the answer before' }),
    ),
  },
  { additionalProperties: false },
)
export type ConsultationQuery = Static<typeof ConsultationQuery>

/** A page of consultations, in the order of their beginning. */
export const ConsultationPage = Type.Object(
  {
    consultations: Type.Array(Type.Unsafe<ConsultationAnswer>(Type.Ref('Consultation'))),
    nextCursor: Type.Optional(Type.String({ description: 'ask with it for what follows; absent at the end' })),
  },
  { $id: 'ConsultationPage', description: 'A page of consultations, in the order of their beginning.' },
)
export type ConsultationPage = Static<typeof ConsultationPage>
