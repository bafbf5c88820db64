import type { Policy } from '../policy/policy.ts'
import { type Window, closesAt, opensAt } from '../policy/window.ts'
import type {
  ConsultationAnswer,
  ConsultationState,
  Moderator,
  ParticipantAnswer,
} from '../../contract/consultations/consultation-answer.ts'
import type { Card } from '../../contract/consultations/card.ts'
import type { NoticeCode } from '../../contract/consultations/notice.ts'
import { toIso } from '../time.ts'

/** A person in a consultation. Times are epoch milliseconds. */
export type Participant = {
  userId: string
  role: string
  name?: string
  /** Whether the person chose the name when redeeming an open invitation. */
  selfNamed?: boolean
  /** When this person was given this role; earlier tokens are not renewed. */
  since: number
  waitingSince?: number
  /** When this person last asked for a token or listened to events while waiting. */
  lastSeenAt?: number
  admittedAt?: number
  enteredAt?: number
  /** The id of the caller that requested the last token: a caller of the policy, an issuer, or an invitation. */
  via?: string
  /** When this person deleted the key of the drafts. */
  draftsDeletedAt?: number
}

/** What a moderator told those who wait, and when, in epoch milliseconds. */
export type GivenNotice = { code: NoticeCode; at: number }

/** A room with an appointment. Times are epoch milliseconds. */
export type Consultation = {
  id: string
  room: string
  version: number
  startsAt: number
  endsAt: number
  waitingRoom: boolean
  maxParticipants?: number
  externalId?: string
  card?: Card
  notice?: GivenNotice
  createdAt: number
  createdBy: string
  /** When the first token was issued. */
  openedAt?: number
  endedAt?: number
  cancelledAt?: number
  participants: readonly Participant[]
}

/** @returns the state of a consultation at a time: scheduled, then open, then ended or cancelled */
export function stateOf(consultation: Consultation, window: Window, now: number): ConsultationState {
  if (consultation.cancelledAt !== undefined) return 'cancelled'
  if (consultation.endedAt !== undefined || now >= closesAt(consultation, window)) return 'ended'
  return consultation.openedAt === undefined ? 'scheduled' : 'open'
}

/** @returns when a consultation ends or ended: by request, or when its admission window closes; in epoch milliseconds */
export const finishedAt = (consultation: Consultation, window: Window): number =>
  consultation.cancelledAt ?? consultation.endedAt ?? closesAt(consultation, window)

/** The time of a consultation, without its participants. Times are epoch milliseconds. */
export type Appointment = Pick<Consultation, 'id' | 'version' | 'startsAt' | 'endsAt'> & {
  /** When the appointment last changed. */
  changedAt: number
  cancelled: boolean
}

/** What a caller may see of a consultation: a machine everything, `none` nothing. */
export type AccessLevel = 'machine' | 'moderator' | 'participant' | 'none'

/** A participant who asked to enter and was not admitted yet. */
export type WaitingParticipant = Participant & { waitingSince: number }

/** Whether a participant asked to enter and was not admitted yet, whether or not the participant is still there. */
export const isWaiting = (participant: Participant): participant is WaitingParticipant =>
  participant.waitingSince !== undefined && participant.admittedAt === undefined

/** @returns when a waiting participant was last seen, in epoch milliseconds */
export const lastSeenOf = ({ lastSeenAt = 0, waitingSince }: WaitingParticipant): number =>
  Math.max(lastSeenAt, waitingSince)

/**
 * Lists the participants who wait to be admitted.
 * @param seenSince without those who were last seen earlier, in epoch milliseconds
 * @returns the longest waiting first
 */
export const listWaiting = ({ participants }: Consultation, seenSince: number): WaitingParticipant[] =>
  participants
    .filter((each) => isWaiting(each))
    .filter((each) => lastSeenOf(each) >= seenSince)
    .toSorted((a, b) => a.waitingSince - b.waitingSince)

/** @returns the moderators of a consultation, as every participant may see them */
const listModerators = ({ participants }: Consultation, { roles }: Pick<Policy, 'roles'>): Moderator[] =>
  participants
    .filter(({ role }) => roles.get(role)?.moderator === true)
    .map((each) => ({ role: each.role, ...nameProperties(each), ...timeIfAny('enteredAt', each.enteredAt) }))

/** The properties of a consultation that everybody who takes part may see. */
export const publicProperties = (consultation: Consultation, policy: Pick<Policy, 'roles'>) => {
  const { card, notice } = consultation
  return {
    moderators: listModerators(consultation, policy),
    ...(card === undefined ? {} : { card }),
    ...(notice === undefined ? {} : { notice: { code: notice.code, at: toIso(notice.at) } }),
  }
}

/** The name of a participant and whether it is self-chosen, for an answer. */
export const nameProperties = ({ name, selfNamed }: Participant): { name?: string; selfNamed?: true } => ({
  ...(name === undefined ? {} : { name }),
  ...(selfNamed === true ? { selfNamed } : {}),
})

/**
 * What stands before a self-chosen name in a meeting. It precedes the name because Jitsi's client shows only the first 50
 * characters, and fewer in a small tile.
 */
const SELF_NAMED_MARK = '(guest) '

/** @returns the name that the others see in the meeting, with a mark if it is self-chosen; undefined without a name */
export const nameInMeeting = ({ name, selfNamed }: Pick<Participant, 'name' | 'selfNamed'>): string | undefined =>
  name !== undefined && selfNamed === true ? `${SELF_NAMED_MARK}${name}` : name

const timeIfAny = <Name extends string>(name: Name, ms: number | undefined): { [N in Name]?: string } =>
  ms === undefined ? {} : ({ [name]: toIso(ms) } as { [N in Name]?: string })

/**
 * Converts a consultation to the answer of the API.
 * @param reader the access level and user id of the caller; a participant who does not moderate sees no
 *   other participant, but the names of the moderators
 */
export function toConsultationAnswer(
  consultation: Consultation,
  policy: Pick<Policy, 'window' | 'roles'>,
  now: number,
  reader: { accessLevel: AccessLevel; userId?: string | undefined },
): ConsultationAnswer {
  const { window } = policy
  const { id, room, version, waitingRoom, maxParticipants, externalId, participants } = consultation
  const visible = participants.filter(({ userId }) => reader.accessLevel !== 'participant' || userId === reader.userId)
  const self = `/api/jitsi/consultations/${id}`
  return {
    id,
    roomId: room,
    version,
    state: stateOf(consultation, window, now),
    startsAt: toIso(consultation.startsAt),
    endsAt: toIso(consultation.endsAt),
    closesAt: toIso(closesAt(consultation, window)),
    waitingRoom,
    ...(maxParticipants === undefined ? {} : { maxParticipants }),
    ...(externalId === undefined ? {} : { externalId }),
    participants: visible.map((each) => toParticipantAnswer(consultation, window, each)),
    ...publicProperties(consultation, policy),
    links: {
      self,
      events: `${self}/events`,
      waiting: `${self}/waiting`,
      invitations: `${self}/invitations`,
      calendar: `${self}/calendar.ics`,
    },
  }
}

function toParticipantAnswer(consultation: Consultation, window: Window, participant: Participant): ParticipantAnswer {
  const { userId, role, waitingSince, admittedAt, enteredAt } = participant
  return {
    userId,
    role,
    ...nameProperties(participant),
    opensAt: toIso(opensAt(consultation, window, role)),
    ...timeIfAny('waitingSince', waitingSince),
    ...timeIfAny('admittedAt', admittedAt),
    ...timeIfAny('enteredAt', enteredAt),
  }
}
