import type { Refusal } from '../../contract/problem.ts'
import { type ConferenceDeps, succeeds } from './conference.ts'
import { findConsultation, type FindConsultationDeps } from './find.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

/**
 * Kicks an occupant out of the running meeting of a consultation. A participant who still has a valid token may come back.
 * @param participantId the id that Jitsi gave the occupant
 * @returns undefined, or `consultation-not-found`, `role-not-allowed`, `conference-off`, `conference-unavailable`
 * @throws ServiceFault `record-unavailable`
 */
export async function kick(
  deps: FindConsultationDeps & ConferenceDeps,
  requester: Requester,
  id: string,
  participantId: string,
): Promise<Refusal | undefined> {
  const action = 'conference.kick'
  const result = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in result) return result
  const { consultation } = result
  const { room } = consultation
  if (deps.conferences === undefined) {
    return refuseAction(deps, requester, action, { code: 'conference-off' }, { consultation: consultation.id })
  }
  await recordAction(deps, requester, action, DONE, { consultation: id, room })
  if (await succeeds(deps.conferences.kick(room, participantId))) return undefined
  return refuseAction(deps, requester, action, { code: 'conference-unavailable' }, { consultation: consultation.id })
}
