import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import { type AccessLevel, type Consultation, toConsultationAnswer } from '../../rules/consultations/consultation.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { type RecordDeps, refuseAction } from '../audit/record.ts'
import type { Clock } from '../ports.ts'
import type { Requester } from '../requester.ts'
import type { ConsultationStore } from './ports.ts'

export type FindConsultationDeps = RecordDeps & { policy: () => Policy; consultations: ConsultationStore }

/** A consultation, and the access of the caller to it. */
export type FoundConsultation = { consultation: Consultation; accessLevel: AccessLevel }

/**
 * Finds a consultation for a caller. A refusal is in the audit record before this function returns.
 * @param needs the access that the caller needs
 * @returns the consultation; or `consultation-not-found`, also if the caller has no access to it; or `role-not-allowed`
 * @throws ServiceFault `record-unavailable`
 */
export async function findConsultation(
  deps: FindConsultationDeps,
  requester: Requester,
  action: AuditEntry['action'],
  id: string,
  needs: 'participant' | 'moderator',
): Promise<FoundConsultation | Refusal> {
  const consultation = await deps.consultations.findById(id)
  if (consultation === undefined) return refuseAction(deps, requester, action, { code: 'consultation-not-found' })
  const accessLevel = accessLevelOf(deps.policy(), requester.caller, consultation)
  if (accessLevel === 'none') {
    return refuseAction(deps, requester, action, { code: 'consultation-not-found' }, { consultation: consultation.id })
  }
  if (needs === 'moderator' && accessLevel === 'participant') {
    return refuseAction(deps, requester, action, { code: 'role-not-allowed' }, { consultation: consultation.id })
  }
  return { consultation, accessLevel }
}

/** The answer that shows a consultation to the caller: a participant without moderator rights sees no other participant. */
export const buildConsultationAnswer = (
  { policy, clock }: { policy: () => Policy; clock: Clock },
  { caller }: Requester,
  { consultation, accessLevel }: FoundConsultation,
): ConsultationAnswer => toConsultationAnswer(consultation, policy(), clock(), { accessLevel, userId: caller.user?.id })
