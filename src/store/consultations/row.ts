import type { Selectable } from 'kysely'
import type { Consultation, Participant } from '../../service/consultations/ports.ts'
import type { Card } from '../../contract/consultations/card.ts'
import type { NoticeCode } from '../../contract/consultations/notice.ts'
import type { GivenNotice } from '../../rules/consultations/consultation.ts'
import type { Tables } from '../database/schema.ts'

type Row = Selectable<Tables['consultation']>
type ParticipantRow = Selectable<Tables['participant']>

/** Converts a consultation to a row. */
export const toRow = (consultation: Consultation): Row => ({
  id: consultation.id,
  room: consultation.room,
  version: consultation.version,
  starts_at: consultation.startsAt,
  ends_at: consultation.endsAt,
  waiting_room: consultation.waitingRoom ? 1 : 0,
  max_participants: consultation.maxParticipants ?? null,
  external_id: consultation.externalId ?? null,
  card: consultation.card === undefined ? null : JSON.stringify(consultation.card),
  notice_code: consultation.notice?.code ?? null,
  notice_at: consultation.notice?.at ?? null,
  created_at: consultation.createdAt,
  created_by: consultation.createdBy,
  opened_at: consultation.openedAt ?? null,
  ended_at: consultation.endedAt ?? null,
  cancelled_at: consultation.cancelledAt ?? null,
})

/** Converts a participant to a row. @param position the position in the list of participants */
export const toParticipantRow = (consultation: string, participant: Participant, position: number): ParticipantRow => ({
  consultation,
  user_id: participant.userId,
  position,
  role: participant.role,
  name: participant.name ?? null,
  self_named: participant.selfNamed === true ? 1 : 0,
  since: participant.since,
  waiting_since: participant.waitingSince ?? null,
  admitted_at: participant.admittedAt ?? null,
  entered_at: participant.enteredAt ?? null,
  last_seen_at: participant.lastSeenAt ?? null,
  via: participant.via ?? null,
  drafts_deleted_at: participant.draftsDeletedAt ?? null,
})

/** Returns a copy without the properties that are null. */
const omitNulls = <T extends Record<string, unknown>>(properties: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }

const noticeOf = ({ notice_code: code, notice_at: at }: Row): GivenNotice | null =>
  code === null || at === null ? null : { code: code as NoticeCode, at }

/** Converts rows to a consultation. @param participants in the order of the list */
export const toConsultation = (row: Row, participants: readonly ParticipantRow[]): Consultation => ({
  id: row.id,
  room: row.room,
  version: row.version,
  startsAt: row.starts_at,
  endsAt: row.ends_at,
  waitingRoom: row.waiting_room === 1,
  createdAt: row.created_at,
  createdBy: row.created_by,
  ...omitNulls({
    maxParticipants: row.max_participants,
    externalId: row.external_id,
    openedAt: row.opened_at,
    endedAt: row.ended_at,
    cancelledAt: row.cancelled_at,
    card: row.card === null ? null : (JSON.parse(row.card) as Card),
    notice: noticeOf(row),
  }),
  participants: participants.map((participant) => ({
    userId: participant.user_id,
    role: participant.role,
    since: participant.since,
    ...(participant.self_named === 1 ? { selfNamed: true } : {}),
    ...omitNulls({
      name: participant.name,
      waitingSince: participant.waiting_since,
      admittedAt: participant.admitted_at,
      enteredAt: participant.entered_at,
      lastSeenAt: participant.last_seen_at,
      via: participant.via,
      draftsDeletedAt: participant.drafts_deleted_at,
    }),
  })),
})
