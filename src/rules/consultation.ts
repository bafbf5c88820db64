import type { ConsultationAnswer, ConsultationState, ParticipantAnswer } from '../contract/consultation-answer.ts'
import { isoOf } from './instant.ts'
import type { Caller, Policy } from './policy.ts'

/** A person in a consultation. Times are epoch milliseconds. */
export type Participant = {
  userId: string
  role: string
  name?: string
  /** Since when this person takes part in this role; tokens from before are not renewed. */
  since: number
  waitingSince?: number
  admittedAt?: number
  enteredAt?: number
  /** Who asked for this person's last token: a caller of the policy, an issuer, or an invitation. */
  via?: string
}

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
  createdAt: number
  createdBy: string
  /** When the first token was issued. */
  openedAt?: number
  endedAt?: number
  cancelledAt?: number
  participants: readonly Participant[]
}

/** When the door of a consultation opens before its beginning, by role, and closes after its end. */
export type Window = { beforeMs: ReadonlyMap<string, number>; otherBeforeMs: number; graceMs: number }

/** From when on nobody may enter any more, in epoch milliseconds. */
export const closesAt = ({ endsAt }: Consultation, { graceMs }: Window): number => endsAt + graceMs

/** From when on somebody in a role may enter, in epoch milliseconds. */
export const opensAt = ({ startsAt }: Consultation, { beforeMs, otherBeforeMs }: Window, role: string): number =>
  startsAt - (beforeMs.get(role) ?? otherBeforeMs)

/** Where a consultation stands: scheduled → open → ended or cancelled. */
export function stateOf(consultation: Consultation, window: Window, now: number): ConsultationState {
  if (consultation.cancelledAt !== undefined) return 'cancelled'
  if (consultation.endedAt !== undefined || now >= closesAt(consultation, window)) return 'ended'
  return consultation.openedAt === undefined ? 'scheduled' : 'open'
}

/** When a consultation takes place, and nothing of who. Times are epoch milliseconds. */
export type Appointment = Pick<Consultation, 'id' | 'version' | 'startsAt' | 'endsAt'> & {
  /** When it was told last. */
  changedAt: number
  cancelled: boolean
}

/** What a caller is to a consultation. A machine stands above all; `none` sees nothing of it. */
export type Standing = 'machine' | 'moderator' | 'participant' | 'none'

/** @returns what a caller is to a consultation: a user what the policy makes of the role that the user takes part in */
export function standingOf(policy: Policy, caller: Caller, { participants }: Consultation): Standing {
  if (caller.user === undefined) return 'machine'
  const self = participants.find(({ userId }) => userId === caller.user?.id)
  if (self === undefined || !caller.roles.has(self.role)) return 'none'
  return policy.roles.get(self.role)?.moderator === true ? 'moderator' : 'participant'
}

/** Those who wait to be admitted, the longest first. */
export const waitingIn = ({ participants }: Consultation): (Participant & { waitingSince: number })[] =>
  participants
    .filter((each): each is Participant & { waitingSince: number } => each.waitingSince !== undefined)
    .filter(({ admittedAt }) => admittedAt === undefined)
    .toSorted((a, b) => a.waitingSince - b.waitingSince)

const timeIfAny = <Name extends string>(name: Name, ms: number | undefined): { [N in Name]?: string } =>
  ms === undefined ? {} : ({ [name]: isoOf(ms) } as { [N in Name]?: string })

/**
 * A consultation as it is told.
 * @param seenBy whom: somebody who takes part and does not moderate sees nobody else in it
 */
export function consultationAnswer(
  consultation: Consultation,
  window: Window,
  now: number,
  seenBy: { standing: Standing; userId?: string | undefined },
): ConsultationAnswer {
  const { id, room, version, waitingRoom, maxParticipants, externalId, participants } = consultation
  const seen = participants.filter(({ userId }) => seenBy.standing !== 'participant' || userId === seenBy.userId)
  const self = `/api/jitsi/consultations/${id}`
  return {
    id,
    roomId: room,
    version,
    state: stateOf(consultation, window, now),
    startsAt: isoOf(consultation.startsAt),
    endsAt: isoOf(consultation.endsAt),
    closesAt: isoOf(closesAt(consultation, window)),
    waitingRoom,
    ...(maxParticipants === undefined ? {} : { maxParticipants }),
    ...(externalId === undefined ? {} : { externalId }),
    participants: seen.map((each) => participantAnswer(consultation, window, each)),
    links: {
      self,
      events: `${self}/events`,
      waiting: `${self}/waiting`,
      invitations: `${self}/invitations`,
      calendar: `${self}/calendar.ics`,
    },
  }
}

function participantAnswer(consultation: Consultation, window: Window, participant: Participant): ParticipantAnswer {
  const { userId, role, name, waitingSince, admittedAt, enteredAt } = participant
  return {
    userId,
    role,
    ...(name === undefined ? {} : { name }),
    opensAt: isoOf(opensAt(consultation, window, role)),
    ...timeIfAny('waitingSince', waitingSince),
    ...timeIfAny('admittedAt', admittedAt),
    ...timeIfAny('enteredAt', enteredAt),
  }
}
