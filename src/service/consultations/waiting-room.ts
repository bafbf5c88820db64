import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { WaitingList } from '../../contract/consultations/waiting-room.ts'
import { toConsultationAnswer } from '../../rules/consultations/consultation.ts'
import { toWaitingList } from '../../rules/consultations/events.ts'
import { checkNotOver } from '../../rules/consultations/plan.ts'
import type { ChangeBus } from './ports.ts'
import { findConsultation, type FindConsultationDeps, recordRefused } from './consultations.ts'
import { DONE, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

/** What admitting somebody needs. */
export type AdmitParticipantDeps = FindConsultationDeps & {
  changeBus: ChangeBus
  metrics: { countConsultation(what: 'admitted'): void }
}

/** @returns who waits, the longest first, or `consultation-not-found`, `role-not-allowed` */
export async function listWaiting(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
): Promise<WaitingList | Refusal> {
  const found = await findConsultation(deps, requester, 'consultation.read', id, 'moderator')
  if ('code' in found) return found
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  return { waiting: toWaitingList(found.consultation) }
}

/**
 * Admits somebody, whether waiting already or not yet there; the one who waits is told at once.
 * @returns the consultation, or `invalid-request` for who does not take part, `consultation-not-found`,
 *   `role-not-allowed`, `consultation-ended`, `consultation-cancelled`
 */
export async function admitParticipant(
  deps: AdmitParticipantDeps,
  requester: Requester,
  id: string,
  userId: string,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.admit'
  const found = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in found) return found
  const { consultation, standing } = found
  const now = deps.clock()
  const participant = consultation.participants.find((each) => each.userId === userId)
  const refusal =
    checkNotOver(consultation, deps.policy().window, now) ?? (participant === undefined ? NOBODY : undefined)
  if (refusal !== undefined || participant === undefined) {
    return recordRefused(deps, requester, action, refusal ?? NOBODY, consultation)
  }
  if (participant.admittedAt === undefined) {
    const { role } = participant
    await recordAction(deps, requester, action, DONE, { consultation: id, room: consultation.room, userId, role })
    await deps.consultations.recordProgress(id, participant, { admittedAt: now })
    deps.changeBus.publish(id)
    deps.metrics.countConsultation('admitted')
  } else await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const after = (await deps.consultations.findById(id)) ?? consultation
  return toConsultationAnswer(after, deps.policy().window, now, { standing, userId: requester.caller.user?.id })
}

const errors: FieldError[] = [{ pointer: '/userId', message: 'must be somebody who takes part' }]
const NOBODY: Refusal = { code: 'invalid-request', errors }
