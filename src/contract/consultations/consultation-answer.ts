import { type Static, Type } from '@sinclair/typebox'
import type { Card } from './card.ts'
import type { Notice } from './notice.ts'
import { ExternalId, UserId } from '../id.ts'
import { SelfNamed } from '../person.ts'
import { timestampParameter, timestamp } from '../timestamp.ts'
import { enumOf } from '../one-of.ts'
import { NextCursor, pageParameters } from '../page.ts'

/** The states of a consultation. A consultation never returns to an earlier state. */
export const CONSULTATION_STATES = ['scheduled', 'open', 'ended', 'cancelled'] as const
export type ConsultationState = (typeof CONSULTATION_STATES)[number]

/** A participant as the API returns it. */
export const ParticipantAnswer = Type.Object(
  {
    userId: Type.String(),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    selfNamed: SelfNamed,
    opensAt: timestamp('when the admission window of this participant opens'),
    waitingSince: Type.Optional(timestamp('when this participant began to wait')),
    admittedAt: Type.Optional(timestamp('when this participant was admitted')),
    enteredAt: Type.Optional(timestamp('when this participant first received a token')),
  },
  { $id: 'Participant', description: 'A participant of a consultation, and the progress of this participant.' },
)
export type ParticipantAnswer = Static<typeof ParticipantAnswer>

/** A moderator of a consultation, as every participant may see the moderator. */
export const Moderator = Type.Object(
  {
    role: Type.String(),
    name: Type.Optional(Type.String()),
    selfNamed: SelfNamed,
    enteredAt: Type.Optional(timestamp('when this moderator first received a token')),
  },
  { $id: 'Moderator', description: 'A moderator of a consultation, as every participant may see the moderator.' },
)
export type Moderator = Static<typeof Moderator>

/** A consultation as the API returns it. */
export const ConsultationAnswer = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7' }),
    roomId: Type.String({ description: 'the roomId for token requests' }),
    version: Type.Integer({ description: 'increases with each change; also the ETag, for If-Match' }),
    state: enumOf(
      CONSULTATION_STATES,
      'scheduled; open from the first token; ended by POST …/end or at closesAt; or cancelled',
    ),
    startsAt: timestamp('start'),
    endsAt: timestamp('end'),
    closesAt: timestamp('end of the admission window'),
    waitingRoom: Type.Boolean({ description: 'whether participants who do not moderate wait to be admitted' }),
    maxParticipants: Type.Optional(Type.Integer({ description: 'how many different people may enter' })),
    externalId: Type.Optional(Type.String({ description: 'the id in your system' })),
    participants: Type.Array(Type.Unsafe<ParticipantAnswer>(Type.Ref('Participant')), {
      description: 'all; for a participant who does not moderate, only that participant',
    }),
    moderators: Type.Array(Type.Unsafe<Moderator>(Type.Ref('Moderator'))),
    card: Type.Optional(Type.Unsafe<Card>(Type.Ref('Card'))),
    notice: Type.Optional(Type.Unsafe<Notice>(Type.Ref('Notice'))),
    links: Type.Object(
      {
        self: Type.String(),
        events: Type.String({ description: 'server-sent events' }),
        waiting: Type.String({ description: 'the waiting room' }),
        invitations: Type.String(),
        calendar: Type.String({ description: 'the appointment as iCalendar' }),
      },
      { description: 'paths of related resources' },
    ),
  },
  {
    $id: 'Consultation',
    description: 'A consultation: its room, schedule and participants.',
  },
)
export type ConsultationAnswer = Static<typeof ConsultationAnswer>

/** The maximum and the default number of consultations per page. */
export const MAX_CONSULTATION_LIMIT = 500
export const DEFAULT_CONSULTATION_LIMIT = 50

/** The query of `GET /api/jitsi/consultations`. Values are strings; src/rules/consultations/query.ts parses them. */
export const ConsultationQuery = Type.Object(
  {
    from: Type.Optional(timestampParameter('a lower limit of endsAt, exclusive')),
    to: Type.Optional(timestampParameter('an upper limit of startsAt, exclusive')),
    participant: Type.Optional(UserId),
    externalId: Type.Optional(ExternalId),
    state: Type.Optional(enumOf(CONSULTATION_STATES)),
    ...pageParameters(DEFAULT_CONSULTATION_LIMIT, MAX_CONSULTATION_LIMIT),
  },
  { additionalProperties: false },
)
export type ConsultationQuery = Static<typeof ConsultationQuery>

/** A page of consultations, ordered by start. */
export const ConsultationPage = Type.Object(
  {
    consultations: Type.Array(Type.Unsafe<ConsultationAnswer>(Type.Ref('Consultation'))),
    nextCursor: NextCursor,
  },
  { $id: 'ConsultationPage', description: 'A page of consultations, ordered by start.' },
)
export type ConsultationPage = Static<typeof ConsultationPage>
