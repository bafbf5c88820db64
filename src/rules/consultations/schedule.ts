import {
  type ConsultationRequest,
  MAX_AHEAD_DAYS,
  MAX_DURATION_MINUTES,
  MIN_DURATION_MINUTES,
} from '../../contract/consultations/consultation.ts'
import type { FieldError } from '../../contract/problem.ts'
import type { Consultation } from './consultation.ts'
import { DAY_MS, explainTime, parseInstantMs, MINUTE_MS } from '../time.ts'

type Schedule = Pick<ConsultationRequest, 'startsAt' | 'endsAt' | 'durationMinutes'>

/**
 * Computes start and end of a consultation from a request.
 * @param defaults the values of the fields that the request omits; `startsAt` in epoch milliseconds
 * @param now epoch milliseconds
 * @param errors receives an error for each invalid field
 * @returns epoch milliseconds; usable only if no error was added
 */
export function planSchedule(
  { startsAt, endsAt, durationMinutes }: Schedule,
  defaults: { startsAt: number; durationMs: number },
  now: number,
  errors: FieldError[],
): Pick<Consultation, 'startsAt' | 'endsAt'> {
  const addError = (field: string, message: string) => void errors.push({ pointer: `/${field}`, message })
  const start = startsAt === undefined ? defaults.startsAt : parseInstantMs(startsAt)
  const length = durationMinutes === undefined ? defaults.durationMs : durationMinutes * MINUTE_MS
  const end = endsAt === undefined ? start + length : parseInstantMs(endsAt)
  if (endsAt !== undefined && durationMinutes !== undefined)
    addError('durationMinutes', 'must not be combined with endsAt')
  if (startsAt !== undefined && Number.isNaN(start)) addError('startsAt', explainTime(startsAt))
  else if (start > now + MAX_AHEAD_DAYS * DAY_MS) addError('startsAt', `must be at most ${MAX_AHEAD_DAYS} days ahead`)
  if (endsAt !== undefined && Number.isNaN(end)) addError('endsAt', explainTime(endsAt))
  if (Number.isNaN(start) || Number.isNaN(end)) return { startsAt: start, endsAt: end }
  const minutes = (end - start) / MINUTE_MS
  const at = endsAt === undefined ? (startsAt === undefined ? 'durationMinutes' : 'startsAt') : 'endsAt'
  if (minutes < MIN_DURATION_MINUTES || minutes > MAX_DURATION_MINUTES) {
    addError(at, `must give a duration from ${MIN_DURATION_MINUTES} to ${MAX_DURATION_MINUTES} minutes`)
  } else if (end <= now) addError(at, 'must give an end in the future')
  return { startsAt: start, endsAt: end }
}
