import {
  type ConsultationRequest,
  MAX_AHEAD_DAYS,
  MAX_DURATION_MINUTES,
  MIN_DURATION_MINUTES,
} from '../../contract/consultations/consultation.ts'
import type { FieldError } from '../../contract/problem.ts'
import type { Consultation } from './consultation.ts'
import { DAY_MS, parseInstantMs, MINUTE_MS } from '../time.ts'

type Schedule = Pick<ConsultationRequest, 'startsAt' | 'endsAt' | 'durationMinutes'>

/** Beginning and end, in epoch milliseconds; what is wrong with them is added to the errors. */
export function planSchedule(
  { startsAt, endsAt, durationMinutes }: Schedule,
  otherwise: { startsAt: number; durationMs: number },
  now: number,
  errors: FieldError[],
): Pick<Consultation, 'startsAt' | 'endsAt'> {
  const wrong = (field: string, message: string) => void errors.push({ pointer: `/${field}`, message })
  const start = startsAt === undefined ? otherwise.startsAt : parseInstantMs(startsAt)
  const length = durationMinutes === undefined ? otherwise.durationMs : durationMinutes * MINUTE_MS
  const end = endsAt === undefined ? start + length : parseInstantMs(endsAt)
  if (endsAt !== undefined && durationMinutes !== undefined) wrong('durationMinutes', 'must not stand beside endsAt')
  if (Number.isNaN(start)) wrong('startsAt', 'must be a time of the calendar')
  else if (start > now + MAX_AHEAD_DAYS * DAY_MS) wrong('startsAt', `must be at most ${MAX_AHEAD_DAYS} days ahead`)
  if (endsAt !== undefined && Number.isNaN(end)) wrong('endsAt', 'must be a time of the calendar')
  if (Number.isNaN(start) || Number.isNaN(end)) return { startsAt: start, endsAt: end }
  const minutes = (end - start) / MINUTE_MS
  const at = endsAt === undefined ? (startsAt === undefined ? 'durationMinutes' : 'startsAt') : 'endsAt'
  if (minutes < MIN_DURATION_MINUTES || minutes > MAX_DURATION_MINUTES) {
    wrong(at, `must leave from ${MIN_DURATION_MINUTES} to ${MAX_DURATION_MINUTES} minutes from beginning to end`)
  } else if (end <= now) wrong(at, 'must leave an end in the future')
  return { startsAt: start, endsAt: end }
}
