import { normalizeCard } from './card.ts'
import { planSchedule } from './schedule.ts'
import { participantsOf, listParticipants } from './participants.ts'
import {
  type ConsultationChange,
  type ConsultationRequest,
  DEFAULT_DURATION_MINUTES,
} from '../../contract/consultations/consultation.ts'
import type { Card } from '../../contract/consultations/card.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import { type Consultation, type Participant, stateOf } from './consultation.ts'
import type { Window } from '../policy/window.ts'
import { MINUTE_MS } from '../time.ts'
import type { Caller, Policy } from '../policy/policy.ts'

/** A consultation that has no id and no room yet. */
export type Plan = Omit<Consultation, 'id' | 'room'>

/**
 * Plans the consultation that a request describes.
 * @param request a request that fits its schema
 * @param now epoch milliseconds
 * @returns the plan, or `invalid-request` with an error for each invalid field, or `role-not-allowed`
 */
export function planConsultation(
  policy: Policy,
  caller: Caller,
  request: ConsultationRequest,
  now: number,
): Plan | Refusal {
  const errors: FieldError[] = []
  const times = planSchedule(request, { startsAt: now, durationMs: DEFAULT_DURATION_MINUTES * MINUTE_MS }, now, errors)
  const participants = participantsOf(policy, request, now, errors)
  if (errors.length > 0) return { code: 'invalid-request', errors }
  if (participants.some(({ role }) => !caller.roles.has(role))) return { code: 'role-not-allowed' }
  const { waitingRoom = false, maxParticipants, externalId } = request
  const card = normalizeCard(request.card)
  return {
    version: 1,
    ...times,
    waitingRoom,
    ...(maxParticipants === undefined ? {} : { maxParticipants }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(card === undefined ? {} : { card }),
    createdAt: now,
    createdBy: caller.id,
    participants,
  }
}

/**
 * Applies a change to a consultation. A participant who keeps the role also keeps admission and entry. If the start changes, a
 * participant who was admitted but has not entered has to be admitted again, and the last notice is removed.
 * @param change a change that fits its schema
 * @param now epoch milliseconds
 * @returns the next version, or `invalid-request`, `role-not-allowed`, `consultation-ended`, `consultation-cancelled`
 */
export function planChange(
  policy: Policy,
  caller: Caller,
  before: Consultation,
  change: ConsultationChange,
  now: number,
): Consultation | Refusal {
  const closed = checkNotOver(before, policy.window, now)
  if (closed !== undefined) return closed
  const errors: FieldError[] = []
  const { startsAt, endsAt, participants: list, ...terms } = change
  const moved = startsAt !== undefined || endsAt !== undefined || change.durationMinutes !== undefined
  const length = { startsAt: before.startsAt, durationMs: before.endsAt - before.startsAt }
  const times = moved ? planSchedule(change, length, now, errors) : { startsAt: before.startsAt, endsAt: before.endsAt }
  const previous = (each: Participant) =>
    before.participants.find(({ userId, role }) => userId === each.userId && role === each.role)
  const participants =
    list === undefined
      ? before.participants
      : listParticipants(policy, list, now, errors).map((each) => ({
          ...keepSelfNamed(before, { ...previous(each), ...each }),
          since: previous(each)?.since ?? now,
        }))
  if (!participants.some(({ role }) => policy.roles.get(role)?.moderator === true)) {
    errors.push({ pointer: '/participants', message: 'must include a participant whose role moderates' })
  }
  if (errors.length > 0) return { code: 'invalid-request', errors }
  const added = participants.filter((each) => previous(each) === undefined)
  if (added.some(({ role }) => !caller.roles.has(role))) return { code: 'role-not-allowed' }
  const { durationMinutes: _length, card: _card, ...rest } = terms
  const next = { ...withCard(before, change.card), ...rest, ...times, version: before.version + 1 }
  if (times.startsAt === before.startsAt) return { ...next, participants }
  const { notice: _notice, ...rescheduled } = next
  return { ...rescheduled, participants: participants.map((each) => resetAdmission(each, now)) }
}

/** @returns the consultation with another card; the same one if the change names none */
function withCard(before: Consultation, changed: Card | undefined): Consultation {
  if (changed === undefined) return before
  const { card: _before, ...others } = before
  const card = normalizeCard(changed)
  return { ...others, ...(card === undefined ? {} : { card }) }
}

/** A self-chosen name stays one until the list gives the participant another name. */
function keepSelfNamed({ participants }: Consultation, { selfNamed: _previous, ...next }: Participant): Participant {
  const before = participants.find(({ userId }) => userId === next.userId)
  return before?.selfNamed === true && before.name === next.name ? { ...next, selfNamed: true } : next
}

/** @returns the participant without admission and waiting, unless the participant has entered */
const resetAdmission = ({ userId, role, name, selfNamed, ...reached }: Participant, now: number): Participant => ({
  userId,
  role,
  ...(name === undefined ? {} : { name }),
  ...(selfNamed === undefined ? {} : { selfNamed }),
  // Always later than before: the store compares `since` to find out whether a participant changed.
  ...(reached.enteredAt === undefined ? { since: Math.max(now, reached.since + 1) } : reached),
})

/**
 * Ends or cancels a consultation.
 * @param now epoch milliseconds
 * @returns the next version; the same version if the consultation is already in that state; `consultation-ended` if a
 *   consultation that has ended, by request or by time, is to be cancelled; `consultation-cancelled` if a cancelled one is to
 *   be ended
 */
export function planFinish(
  { window }: Pick<Policy, 'window'>,
  before: Consultation,
  how: 'end' | 'cancel',
  now: number,
): Consultation | Refusal {
  const { cancelledAt, endedAt, version } = before
  if (how === 'end') {
    if (cancelledAt !== undefined) return { code: 'consultation-cancelled' }
    return endedAt === undefined ? { ...before, endedAt: now, version: version + 1 } : before
  }
  if (stateOf(before, window, now) === 'ended') return { code: 'consultation-ended' }
  return cancelledAt === undefined ? { ...before, cancelledAt: now, version: version + 1 } : before
}

/** @returns the refusal of a change to an ended or cancelled consultation; undefined if it can change */
export function checkNotOver(consultation: Consultation, window: Window, now: number): Refusal | undefined {
  const state = stateOf(consultation, window, now)
  if (state === 'cancelled') return { code: 'consultation-cancelled' }
  return state === 'ended' ? { code: 'consultation-ended' } : undefined
}
