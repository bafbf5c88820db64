import { planSchedule } from './schedule.ts'
import { allOf, listParticipants } from './participants.ts'
import {
  type ConsultationChange,
  type ConsultationRequest,
  DEFAULT_DURATION_MINUTES,
} from '../../contract/consultations/consultation.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import { type Consultation, type Participant, stateOf } from './consultation.ts'
import type { Window } from '../policy/window.ts'
import { MINUTE_MS } from '../time.ts'
import type { Caller, Policy } from '../policy/policy.ts'

/** A consultation before it has a room. */
export type Plan = Omit<Consultation, 'id' | 'room'>

/**
 * What a request asks for, as a consultation.
 * @param request one whose shape was checked
 * @param now epoch milliseconds
 * @returns the plan, or `invalid-request` with the fields that mean nothing, or `role-not-allowed`
 */
export function planConsultation(
  policy: Policy,
  caller: Caller,
  request: ConsultationRequest,
  now: number,
): Plan | Refusal {
  const errors: FieldError[] = []
  const times = planSchedule(request, { startsAt: now, durationMs: DEFAULT_DURATION_MINUTES * MINUTE_MS }, now, errors)
  const participants = allOf(policy, request, now, errors)
  if (errors.length > 0) return { code: 'invalid-request', errors }
  if (participants.some(({ role }) => !caller.roles.has(role))) return { code: 'role-not-allowed' }
  const { waitingRoom = false, maxParticipants, externalId } = request
  return {
    version: 1,
    ...times,
    waitingRoom,
    ...(maxParticipants === undefined ? {} : { maxParticipants }),
    ...(externalId === undefined ? {} : { externalId }),
    createdAt: now,
    createdBy: caller.id,
    participants,
  }
}

/**
 * A consultation as a change leaves it. Whoever stays in the same role keeps what was reached: admission and entry; but who was
 * admitted and did not enter yet is not admitted to another time.
 * @param change one whose shape was checked
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
  const over = checkNotOver(before, policy.window, now)
  if (over !== undefined) return over
  const errors: FieldError[] = []
  const { startsAt, endsAt, participants: list, ...terms } = change
  const moved = startsAt !== undefined || endsAt !== undefined || change.durationMinutes !== undefined
  const length = { startsAt: before.startsAt, durationMs: before.endsAt - before.startsAt }
  const times = moved ? planSchedule(change, length, now, errors) : { startsAt: before.startsAt, endsAt: before.endsAt }
  const kept = (each: Participant) =>
    before.participants.find(({ userId, role }) => userId === each.userId && role === each.role)
  const participants =
    list === undefined
      ? before.participants
      : listParticipants(policy, list, now, errors).map((each) => ({
          ...kept(each),
          ...each,
          since: kept(each)?.since ?? now,
        }))
  if (!participants.some(({ role }) => policy.roles.get(role)?.moderator === true)) {
    errors.push({ pointer: '/participants', message: 'must leave somebody who moderates' })
  }
  if (errors.length > 0) return { code: 'invalid-request', errors }
  const strangers = participants.filter((each) => kept(each) === undefined)
  if (strangers.some(({ role }) => !caller.roles.has(role))) return { code: 'role-not-allowed' }
  const { durationMinutes: _length, ...rest } = terms
  const asked = times.startsAt === before.startsAt ? participants : participants.map((each) => anew(each, now))
  return { ...before, ...rest, ...times, participants: asked, version: before.version + 1 }
}

/** Somebody who has not been inside, as if named now. */
const anew = ({ userId, role, name, ...reached }: Participant, now: number): Participant => ({
  userId,
  role,
  ...(name === undefined ? {} : { name }),
  // Later than before in any case: by that the store knows that it is not the same any more.
  ...(reached.enteredAt === undefined ? { since: Math.max(now, reached.since + 1) } : reached),
})

/**
 * A consultation as its end leaves it.
 * @param how to `end` what took place, or to `cancel` what will not
 * @returns the next version; the same one where it is so already; or the refusal `consultation-ended`, where what has ended,
 *   by somebody or by the time, cannot be cancelled, or `consultation-cancelled`
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

/** @returns why nothing of a consultation can change any more, or undefined */
export function checkNotOver(consultation: Consultation, window: Window, now: number): Refusal | undefined {
  const state = stateOf(consultation, window, now)
  if (state === 'cancelled') return { code: 'consultation-cancelled' }
  return state === 'ended' ? { code: 'consultation-ended' } : undefined
}
