import type { Refusal } from '../../contract/problem.ts'
import type { ConsentRequest } from '../../contract/visit.ts'
import { DONE, recordAction } from '../audit/record.ts'
import { findConsultation, type FindConsultationDeps } from '../consultations/find.ts'
import type { Requester } from '../requester.ts'

/**
 * Records whether a participant consents to a text. It is in the audit record before this function returns, and nowhere else.
 * @param requester a participant of the consultation, by the cookie
 * @returns undefined, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function recordConsent(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
  { text, given }: ConsentRequest,
): Promise<Refusal | undefined> {
  const action = given ? 'consent.give' : 'consent.refuse'
  const result = await findConsultation(deps, requester, action, id, 'participant')
  if ('code' in result) return result
  const { room, participants } = result.consultation
  const self = participants.find(({ userId }) => userId === requester.caller.user?.id)
  const person = self === undefined ? {} : { userId: self.userId, role: self.role }
  await recordAction(deps, requester, action, DONE, { consultation: id, room, ...person, document: text })
  return undefined
}
