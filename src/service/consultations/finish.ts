import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { planFinish } from '../../rules/consultations/plan.ts'
import { refuseAction } from '../audit/record.ts'
import type { Background } from '../background.ts'
import type { Requester } from '../requester.ts'
import { saveChange, type SaveChangeDeps } from './change.ts'
import { changeConference, type ConferenceDeps } from './conference.ts'
import { findConsultation, buildConsultationAnswer } from './find.ts'
import { recordRead } from './read.ts'

export type FinishConsultationDeps = SaveChangeDeps &
  ConferenceDeps & {
    background: Background
    metrics: { countConsultation(what: 'ended' | 'cancelled'): void }
  }

/** How many times a finish is tried when concurrent changes come first. */
const MAX_TRIES = 8

/**
 * Ends or cancels a consultation permanently. A consultation that is finished already is returned as it is. If the settings
 * allow it, the meeting that may be running is destroyed in the background.
 * @returns the consultation; or `consultation-not-found`, `role-not-allowed`, `version-conflict`, or a refusal of
 *   `planFinish`
 * @throws ServiceFault `record-unavailable`
 */
export async function finishConsultation(
  deps: FinishConsultationDeps,
  requester: Requester,
  id: string,
  how: 'end' | 'cancel',
): Promise<ConsultationAnswer | Refusal> {
  const action = how === 'end' ? 'consultation.end' : 'consultation.cancel'
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const result = await findConsultation(deps, requester, action, id, 'moderator')
    if ('code' in result) return result
    const next = planFinish(deps.policy(), result.consultation, how, deps.clock())
    if ('code' in next) return refuseAction(deps, requester, action, next, { consultation: result.consultation.id })
    if (next === result.consultation) return recordRead(deps, requester, result)
    if ((await saveChange(deps, requester, action, next)) === undefined) {
      deps.metrics.countConsultation(how === 'end' ? 'ended' : 'cancelled')
      if (how === 'end' || next.openedAt !== undefined) deps.background.run(() => destroyMeeting(deps, requester, next))
      return buildConsultationAnswer(deps, requester, { ...result, consultation: next })
    }
  }
  return { code: 'version-conflict' }
}

const destroyMeeting = (deps: ConferenceDeps, requester: Requester, { id, room }: Consultation) =>
  changeConference(deps, requester, 'conference.destroy', { consultation: id, room }, (conferences) =>
    conferences.destroy(room),
  )
