import type { Refusal } from '../../contract/problem.ts'
import { type ConferenceDeps, succeeds } from './conference.ts'
import { findConsultation, type FindConsultationDeps, recordRefused } from './consultations.ts'
import { DONE, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'

/**
 * Kicks somebody out of the running meeting of a consultation; whoever still has a token may come back.
 * @param participantId Jitsi's id of the occupant
 * @returns nothing, or `consultation-not-found`, `role-not-allowed`, `conference-off`, `conference-unavailable`
 * @throws ServiceFault `record-unavailable`
 */
export async function kick(
  deps: FindConsultationDeps & ConferenceDeps,
  requester: Requester,
  id: string,
  participantId: string,
): Promise<Refusal | undefined> {
  const action = 'conference.kick'
  const found = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in found) return found
  const { consultation } = found
  if (deps.conferences === undefined)
    return recordRefused(deps, requester, action, { code: 'conference-off' }, consultation)
  const about = { consultation: id, room: consultation.room }
  await recordAction(deps, requester, action, DONE, about)
  if (await succeeds(deps.conferences.kick(consultation.room, participantId))) return undefined
  return recordRefused(deps, requester, action, { code: 'conference-unavailable' }, consultation)
}
