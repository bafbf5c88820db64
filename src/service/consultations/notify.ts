import type { NoticeCode } from '../../contract/consultations/notice.ts'
import type { Refusal } from '../../contract/problem.ts'
import { checkNotOver } from '../../rules/consultations/plan.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import { findConsultation, type FindConsultationDeps } from './find.ts'
import type { ChangeBus } from './ports.ts'

export type NotifyDeps = FindConsultationDeps & { changeBus: Pick<ChangeBus, 'publish'> }

/**
 * Gives a notice to everybody who watches a consultation. It replaces the notice before it.
 * @returns undefined, or `consultation-not-found`, `role-not-allowed`, `consultation-ended`, `consultation-cancelled`
 * @throws ServiceFault `record-unavailable`
 */
export async function notify(
  deps: NotifyDeps,
  requester: Requester,
  id: string,
  code: NoticeCode,
): Promise<Refusal | undefined> {
  const action = 'consultation.notify'
  const result = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in result) return result
  const { consultation } = result
  const at = deps.clock()
  const over = checkNotOver(consultation, deps.policy().window, at)
  if (over !== undefined) return refuseAction(deps, requester, action, over, { consultation: consultation.id })
  await recordAction(deps, requester, action, DONE, { consultation: id, room: consultation.room, document: code })
  await deps.consultations.saveNotice(id, { code, at })
  deps.changeBus.publish(id)
  return undefined
}
