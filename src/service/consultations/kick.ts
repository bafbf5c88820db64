import type { Refusal } from '../../contract/problem.ts'
import { type ConferenceParts, succeeds } from './conference.ts'
import { findFor, type FindingParts, refuse } from './consultations.ts'
import { DONE, keep } from '../audit/record.ts'
import type { Asking } from '../requester.ts'

/**
 * Kicks somebody out of the running meeting of a consultation; whoever still has a token may come back.
 * @param participantId Jitsi's id of the occupant
 * @returns nothing, or `consultation-not-found`, `role-not-allowed`, `conference-off`, `conference-unavailable`
 * @throws ServiceFault `record-unavailable`
 */
export async function kick(
  parts: FindingParts & ConferenceParts,
  asking: Asking,
  id: string,
  participantId: string,
): Promise<Refusal | undefined> {
  const action = 'conference.kick'
  const found = await findFor(parts, asking, action, id, 'moderator')
  if ('code' in found) return found
  const { consultation } = found
  if (parts.conferences === undefined) return refuse(parts, asking, action, { code: 'conference-off' }, consultation)
  const about = { consultation: id, room: consultation.room }
  await keep(parts, asking, action, DONE, about)
  if (await succeeds(parts.conferences.kick(consultation.room, participantId))) return undefined
  return refuse(parts, asking, action, { code: 'conference-unavailable' }, consultation)
}
