import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationChange } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { planChange } from '../../rules/consultations/plan.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import { findConsultation, type FindConsultationDeps, buildConsultationAnswer } from './find.ts'
import type { ChangeBus } from './ports.ts'

export type SaveChangeDeps = FindConsultationDeps & { changeBus: ChangeBus }

export type ChangeConsultationDeps = SaveChangeDeps & { metrics: { countConsultation(what: 'changed'): void } }

/**
 * Changes a consultation. A moderator who is a person can change `endsAt` only.
 * @param versions the versions that the change may be based on
 * @returns the new version; or `consultation-not-found`, `role-not-allowed`, `version-conflict`, or a refusal of `planChange`
 * @throws ServiceFault `record-unavailable`
 */
export async function changeConsultation(
  deps: ChangeConsultationDeps,
  requester: Requester,
  id: string,
  versions: readonly number[],
  change: ConsultationChange,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.change'
  const result = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in result) return result
  const { consultation, accessLevel } = result
  const subject = { consultation: consultation.id }
  if (accessLevel !== 'machine' && Object.keys(change).some((field) => field !== 'endsAt')) {
    return refuseAction(deps, requester, action, { code: 'role-not-allowed' }, subject)
  }
  if (!versions.includes(consultation.version)) {
    return refuseAction(deps, requester, action, { code: 'version-conflict' }, subject)
  }
  const next = planChange(deps.policy(), requester.caller, consultation, change, deps.clock())
  if ('code' in next) return refuseAction(deps, requester, action, next, subject)
  const conflict = await saveChange(deps, requester, action, next)
  if (conflict !== undefined) return conflict
  deps.metrics.countConsultation('changed')
  return buildConsultationAnswer(deps, requester, { ...result, consultation: next })
}

/**
 * Records a change, then saves it, then publishes it.
 * @param next the next version of a consultation
 * @returns undefined; or `version-conflict` if another request saved that version first, which is in the audit record by then
 * @throws ServiceFault `record-unavailable`
 */
export async function saveChange(
  deps: SaveChangeDeps,
  requester: Requester,
  action: AuditEntry['action'],
  next: Consultation,
): Promise<Refusal | undefined> {
  const subject = { consultation: next.id, room: next.room }
  const undoes = await recordAction(deps, requester, action, DONE, subject)
  if (!(await deps.consultations.replace(next))) {
    return refuseAction(deps, requester, action, { code: 'version-conflict' }, { ...subject, undoes })
  }
  deps.changeBus.publish(next.id)
  return undefined
}
