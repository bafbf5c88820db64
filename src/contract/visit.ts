import { type Static, Type } from '@sinclair/typebox'
import type { Card } from './consultations/card.ts'
import type { Notice } from './consultations/notice.ts'
import { CONSULTATION_STATES } from './consultations/consultation-answer.ts'
import { ConsultationId } from './consultation-id.ts'
import { NETWORKS } from './meetings/meeting-config.ts'
import { enumOf } from './one-of.ts'
import { DisplayName } from './person.ts'
import { timestamp } from './timestamp.ts'

const closed = { additionalProperties: false }

/** A consultation that a browser is bound to, as the person of that browser may see it. */
export const Visit = Type.Object(
  {
    consultationId: Type.String(),
    userId: Type.String(),
    role: Type.String(),
    moderator: Type.Boolean({ description: 'whether the role moderates' }),
    name: Type.Optional(Type.String()),
    state: enumOf(CONSULTATION_STATES),
    startsAt: timestamp('start'),
    endsAt: timestamp('end'),
    opensAt: timestamp('when the admission window of this role opens'),
    closesAt: timestamp('end of the admission window'),
    waitingRoom: Type.Boolean(),
    doctorPresent: Type.Boolean({ description: 'whether a moderator has entered' }),
    card: Type.Optional(Type.Unsafe<Card>(Type.Ref('Card'))),
    notice: Type.Optional(Type.Unsafe<Notice>(Type.Ref('Notice'))),
  },
  { $id: 'Visit', description: 'A consultation that this browser is bound to.' },
)
export type Visit = Static<typeof Visit>

/** The answer of `GET /api/jitsi/visits`. */
export const VisitList = Type.Object(
  { visits: Type.Array(Type.Unsafe<Visit>(Type.Ref('Visit'))) },
  { $id: 'VisitList', description: 'The visits of this browser, by their start.' },
)
export type VisitList = Static<typeof VisitList>

/** The body of `POST /api/jitsi/visits`. */
export const VisitRequest = Type.Object(
  { consultationId: ConsultationId },
  { $id: 'VisitRequest', ...closed, description: 'The consultation to bind this browser to.' },
)
export type VisitRequest = Static<typeof VisitRequest>

/** The body of `POST /api/jitsi/visits/{id}/token`. */
export const VisitTokenRequest = Type.Object(
  {
    network: Type.Optional(enumOf(NETWORKS)),
    displayName: Type.Optional(DisplayName),
  },
  {
    $id: 'VisitTokenRequest',
    ...closed,
    description: 'The quality of the network, for the meeting configuration; a display name in case there is none.',
  },
)
export type VisitTokenRequest = Static<typeof VisitTokenRequest>

/** The texts that a person can consent to. A new wording gets a new id. */
const CONSENT_TEXTS = ['join-1', 'recording-1'] as const

/** The body of `POST /api/jitsi/visits/{id}/consent`. */
export const ConsentRequest = Type.Object(
  {
    text: enumOf(CONSENT_TEXTS),
    given: Type.Boolean({ description: 'true or false: whether the person consents' }),
  },
  { $id: 'ConsentRequest', ...closed, description: 'The id of the text that was shown, and the decision.' },
)
export type ConsentRequest = Static<typeof ConsentRequest>

/** The answer of `GET /api/jitsi/visits/{id}/draft-key`. */
export const DraftKeys = Type.Object(
  {
    draftKey: Type.String({ description: '32 bytes in base64url: for the drafts of this consultation' }),
    letterheadKey: Type.String({ description: '32 bytes in base64url: for the letterhead of this person' }),
  },
  { $id: 'DraftKeys', description: 'Keys for what the page stores on the device. Keep them in memory only.' },
)
export type DraftKeys = Static<typeof DraftKeys>
