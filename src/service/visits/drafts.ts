import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { DraftKeys } from '../../contract/visit.ts'
import { areDraftsOpen, deriveDraftKeys } from '../../rules/visits/draft-keys.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import { findConsultation, type FindConsultationDeps } from '../consultations/find.ts'
import type { Requester } from '../requester.ts'
import type { DraftOptions } from './visits.ts'

export type DraftDeps = FindConsultationDeps & { drafts: DraftOptions | undefined }

/**
 * Reads the keys with which the page of a moderator seals drafts. It is in the audit record before this function returns.
 * @param requester a participant of the consultation, by the cookie
 * @returns the keys; or `consultation-not-found`, `role-not-allowed`, `drafts-off`, `drafts-closed`
 * @throws ServiceFault `record-unavailable`
 */
export async function readDraftKeys(deps: DraftDeps, requester: Requester, id: string): Promise<DraftKeys | Refusal> {
  const action = 'draft-key.read'
  const found = await findDrafts(deps, requester, action, id)
  if ('code' in found) return found
  const { userId, drafts } = found
  await recordAction(deps, requester, action, DONE, { consultation: id, userId })
  return deriveDraftKeys(drafts.key, id, userId)
}

/**
 * Deletes the key of the drafts of a moderator for good: the service does not give it again. A second call changes nothing.
 * @returns undefined; or `consultation-not-found`, `role-not-allowed`, `drafts-off`
 * @throws ServiceFault `record-unavailable`
 */
export async function deleteDraftKey(deps: DraftDeps, requester: Requester, id: string): Promise<Refusal | undefined> {
  const action = 'draft-key.delete'
  const found = await findDrafts(deps, requester, action, id)
  if ('code' in found) return found.code === 'drafts-closed' ? undefined : found
  await recordAction(deps, requester, action, DONE, { consultation: id, userId: found.userId })
  await deps.consultations.deleteDrafts(id, found, deps.clock())
  return undefined
}

/** @returns the person whose drafts can be read, and the options; or a refusal, which is in the audit record by then */
async function findDrafts(
  deps: DraftDeps,
  requester: Requester,
  action: AuditEntry['action'],
  id: string,
): Promise<{ userId: string; drafts: DraftOptions } | Refusal> {
  const result = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in result) return result
  const { consultation } = result
  const { drafts } = deps
  const userId = requester.caller.user?.id ?? ''
  if (drafts === undefined) return refuseAction(deps, requester, action, { code: 'drafts-off' }, { consultation: id })
  const isOpen = areDraftsOpen(consultation, userId, deps.policy().window, drafts.keepMs, deps.clock())
  return isOpen
    ? { userId, drafts }
    : refuseAction(deps, requester, action, { code: 'drafts-closed' }, { consultation: id })
}
