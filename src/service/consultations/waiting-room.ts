import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { WaitingList } from '../../contract/consultations/waiting-room.ts'
import { consultationAnswer } from '../../rules/consultations/consultation.ts'
import { waitersOf } from '../../rules/consultations/events.ts'
import { overFor } from '../../rules/consultations/plan.ts'
import type { Bell } from './ports.ts'
import { findFor, type FindingParts, refuse } from './consultations.ts'
import { DONE, keep } from '../audit/record.ts'
import type { Asking } from '../requester.ts'

/** What admitting somebody needs. */
export type AdmissionParts = FindingParts & { bell: Bell; metrics: { consultation(what: 'admitted'): void } }

/** @returns who waits, the longest first, or `consultation-not-found`, `role-not-allowed` */
export async function listWaiting(parts: FindingParts, asking: Asking, id: string): Promise<WaitingList | Refusal> {
  const found = await findFor(parts, asking, 'consultation.read', id, 'moderator')
  if ('code' in found) return found
  await keep(parts, asking, 'consultation.read', DONE, { consultation: id })
  return { waiting: waitersOf(found.consultation) }
}

/**
 * Admits somebody, whether waiting already or not yet there; the one who waits is told at once.
 * @returns the consultation, or `invalid-request` for who does not take part, `consultation-not-found`,
 *   `role-not-allowed`, `consultation-ended`, `consultation-cancelled`
 */
export async function admit(
  parts: AdmissionParts,
  asking: Asking,
  id: string,
  userId: string,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.admit'
  const found = await findFor(parts, asking, action, id, 'moderator')
  if ('code' in found) return found
  const { consultation, standing } = found
  const now = parts.clock()
  const participant = consultation.participants.find((each) => each.userId === userId)
  const refusal = overFor(consultation, parts.policy().window, now) ?? (participant === undefined ? NOBODY : undefined)
  if (refusal !== undefined || participant === undefined) {
    return refuse(parts, asking, action, refusal ?? NOBODY, consultation)
  }
  if (participant.admittedAt === undefined) {
    const { role } = participant
    await keep(parts, asking, action, DONE, { consultation: id, room: consultation.room, userId, role })
    await parts.consultations.reach(id, participant, { admittedAt: now })
    parts.bell.ring(id)
    parts.metrics.consultation('admitted')
  } else await keep(parts, asking, 'consultation.read', DONE, { consultation: id })
  const after = (await parts.consultations.byId(id)) ?? consultation
  return consultationAnswer(after, parts.policy().window, now, { standing, userId: asking.caller.user?.id })
}

const errors: FieldError[] = [{ pointer: '/userId', message: 'must be somebody who takes part' }]
const NOBODY: Refusal = { code: 'invalid-request', errors }
