import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { FieldError, Refusal } from '../../contract/problem.ts'
import type { WaitingList } from '../../contract/consultations/waiting-room.ts'
import { toConsultationAnswer } from '../../rules/consultations/consultation.ts'
import { toWaitingList } from '../../rules/consultations/events.ts'
import { checkNotOver } from '../../rules/consultations/plan.ts'
import type { ChangeBus } from './ports.ts'
import type { PresenceDeps } from './presence.ts'
import { findConsultation, type FindConsultationDeps } from './find.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

export type AdmitParticipantDeps = FindConsultationDeps & {
  changeBus: ChangeBus
  metrics: { countConsultation(what: 'admitted'): void }
}

/**
 * Lists the participants who wait to be admitted and are there.
 * @returns the list, longest wait first; or `consultation-not-found`, `role-not-allowed`
 * @throws ServiceFault `record-unavailable`
 */
export async function listWaiting(
  deps: FindConsultationDeps & PresenceDeps,
  requester: Requester,
  id: string,
): Promise<WaitingList | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', id, 'moderator')
  if ('code' in result) return result
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  return { waiting: toWaitingList(result.consultation, deps.clock() - deps.waitingTimeoutMs) }
}

/**
 * Admits a participant, who may be waiting or not yet there. A waiting participant is notified at once.
 * @returns the consultation; or `invalid-request` if the user does not take part, `consultation-not-found`,
 *   `role-not-allowed`, `consultation-ended`, `consultation-cancelled`
 * @throws ServiceFault `record-unavailable`
 */
export async function admitParticipant(
  deps: AdmitParticipantDeps,
  requester: Requester,
  id: string,
  userId: string,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.admit'
  const result = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in result) return result
  const { consultation, accessLevel } = result
  const now = deps.clock()
  const participant = consultation.participants.find((each) => each.userId === userId)
  const over = checkNotOver(consultation, deps.policy().window, now)
  if (over !== undefined || participant === undefined) {
    return refuseAction(deps, requester, action, over ?? NOT_A_PARTICIPANT, { consultation: consultation.id })
  }
  if (participant.admittedAt === undefined) {
    const { role } = participant
    await recordAction(deps, requester, action, DONE, { consultation: id, room: consultation.room, userId, role })
    await deps.consultations.recordProgress(id, participant, { admittedAt: now })
    deps.changeBus.publish(id)
    deps.metrics.countConsultation('admitted')
  } else await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const current = (await deps.consultations.findById(id)) ?? consultation
  return toConsultationAnswer(current, deps.policy(), now, {
    accessLevel,
    userId: requester.caller.user?.id,
  })
}

const errors: FieldError[] = [{ pointer: '/userId', message: 'must be a participant of the consultation' }]
const NOT_A_PARTICIPANT: Refusal = { code: 'invalid-request', errors }
