import { type Static, Type } from '@sinclair/typebox'
import { UserId } from '../id.ts'
import { SelfNamed } from '../person.ts'
import { CONSULTATION_STATES, type Moderator } from './consultation-answer.ts'
import type { Card } from './card.ts'
import type { Notice } from './notice.ts'
import { enumOf } from '../one-of.ts'
import { timestamp } from '../timestamp.ts'

/** A participant in the waiting room. */
export const WaitingParticipant = Type.Object(
  {
    userId: Type.String(),
    role: Type.String(),
    name: Type.Optional(Type.String()),
    selfNamed: SelfNamed,
    since: timestamp('when the participant began to wait'),
    lastSeenAt: timestamp('when the participant last asked for a token or listened to events'),
  },
  { $id: 'WaitingParticipant', description: 'A participant who waits to be admitted, and is there.' },
)
export type WaitingParticipant = Static<typeof WaitingParticipant>

/** The answer of `GET /api/jitsi/consultations/{id}/waiting`. */
export const WaitingList = Type.Object(
  { waiting: Type.Array(Type.Unsafe<WaitingParticipant>(Type.Ref('WaitingParticipant'))) },
  {
    $id: 'WaitingList',
    description:
      'The participants who wait to be admitted, longest wait first. Who closed everything is not in it after WAITING_TIMEOUT_SECONDS.',
  },
)
export type WaitingList = Static<typeof WaitingList>

/** The body of `POST /api/jitsi/consultations/{id}/admit`. */
export const AdmitRequest = Type.Object(
  { userId: UserId },
  {
    $id: 'AdmitRequest',
    additionalProperties: false,
    description: 'The participant to admit.',
    examples: [{ userId: 'patient-1042' }],
  },
)
export type AdmitRequest = Static<typeof AdmitRequest>

/**
 * The names of the events of a consultation. `state` is the first event of each stream, and every change that no other
 * name describes; `left` says that somebody who waited is no longer there, `notice` that a moderator gave a notice. The stream ends after `ended`, `cancelled` and `removed`.
 */
export const CONSULTATION_EVENTS = [
  'state',
  'waiting',
  'left',
  'admitted',
  'notice',
  'rescheduled',
  'ended',
  'cancelled',
  'removed',
] as const
export type EventName = (typeof CONSULTATION_EVENTS)[number]

/** The data of each event: the part of the consultation that the listener may see. */
export const ConsultationView = Type.Object(
  {
    consultationId: Type.String(),
    state: enumOf(CONSULTATION_STATES),
    version: Type.Integer(),
    startsAt: timestamp('start of the consultation'),
    endsAt: timestamp('end of the consultation'),
    closesAt: timestamp('end of the admission window'),
    opensAt: Type.Optional(timestamp('when the admission window of the listener opens')),
    waitingSince: Type.Optional(timestamp('when the listener began to wait')),
    admittedAt: Type.Optional(timestamp('when the listener was admitted: repeat the token request')),
    moderators: Type.Array(Type.Unsafe<Moderator>(Type.Ref('Moderator'))),
    card: Type.Optional(Type.Unsafe<Card>(Type.Ref('Card'))),
    notice: Type.Optional(Type.Unsafe<Notice>(Type.Ref('Notice'))),
    waiting: Type.Optional(
      Type.Array(Type.Unsafe<WaitingParticipant>(Type.Ref('WaitingParticipant')), {
        description: 'only for listeners who may admit',
      }),
    ),
  },
  {
    $id: 'ConsultationView',
    description: 'The data of each event: the part of a consultation that the listener may see.',
  },
)
export type ConsultationView = Static<typeof ConsultationView>
