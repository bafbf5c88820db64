import type {
  ConferenceOutcome,
  CreatedRevocation,
  RevocationPage,
  RevocationQuery,
  RevocationRequest,
} from '../../contract/revocation.ts'
import type { Refusal } from '../../contract/problem.ts'
import {
  parseIssuedBefore,
  parseRevocationQuery,
  type Revocation,
  REVOCATION_CURSORS,
  toRevocationAnswer,
} from '../../rules/revocation.ts'
import { changeConference, type ConferenceDeps } from '../consultations/conference.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import { type AuditSubject, DONE, type RecordDeps, recordAction, refuseAction } from '../audit/record.ts'
import { readPage } from '../page.ts'
import type { Requester } from '../requester.ts'
import { REVOCATIONS_TOPIC } from './cache.ts'
import type { NewId } from '../ports.ts'
import type { RevocationStore } from './ports.ts'

export type RevokeDeps = ConferenceDeps & {
  newId: NewId
  consultations: Pick<ConsultationStore, 'findById'>
  revocations: RevocationStore
  /** The cache of the revocations in force. */
  revoked: { refresh(): Promise<void> }
  changeBus: ChangeBus
}

/**
 * Creates a revocation. When this function returns, this instance issues no token against it; other instances follow when the
 * change bus notifies them, or query the store while it is down. If the settings allow it, the running meeting is changed as
 * well; a ban there is never lifted.
 * @param request a request that fits its schema
 * @returns the revocation, or `invalid-request`, `consultation-not-found`
 * @throws ServiceFault `record-unavailable`; the revocation may be in force or not then
 */
export async function revoke(
  deps: RevokeDeps,
  requester: Requester,
  request: RevocationRequest,
): Promise<CreatedRevocation | Refusal> {
  const action = 'revocation.create'
  const now = deps.clock()
  const scope = parseIssuedBefore(request, now)
  if ('code' in scope) return refuseAction(deps, requester, action, scope)
  const { consultationId, userId } = request
  const consultation = consultationId === undefined ? undefined : await deps.consultations.findById(consultationId)
  if (consultationId !== undefined && consultation === undefined) {
    return refuseAction(deps, requester, action, { code: 'consultation-not-found' })
  }
  const revocation: Revocation = {
    id: deps.newId(),
    ...(consultation === undefined ? {} : { consultation: { id: consultation.id, room: consultation.room } }),
    ...(userId === undefined ? {} : { userId }),
    ...scope,
    createdAt: now,
    createdBy: requester.caller.id,
  }
  await recordAction(deps, requester, action, DONE, auditSubjectOf(revocation))
  await deps.revocations.add(revocation)
  await publishChange(deps, revocation)
  return { ...toRevocationAnswer(revocation), conference: await applyToConference(deps, requester, revocation) }
}

const auditSubjectOf = ({ consultation, userId }: Revocation): AuditSubject => ({
  ...(consultation === undefined ? {} : { consultation: consultation.id, room: consultation.room }),
  ...(userId === undefined ? {} : { userId }),
})

/** Notifies the other instances and the observers of the consultation, and waits until this instance knows the change. */
async function publishChange({ revoked, changeBus }: RevokeDeps, { consultation }: Revocation): Promise<void> {
  changeBus.publish(REVOCATIONS_TOPIC)
  if (consultation !== undefined) changeBus.publish(consultation.id)
  await revoked.refresh()
}

/**
 * Bans the user or destroys the meeting. A ban is permanent and applies to all meetings, and destroying a meeting affects all
 * occupants; so neither follows from a revocation of one user in one consultation, nor from one with `issuedBefore`, which
 * allows new tokens.
 */
async function applyToConference(
  deps: RevokeDeps,
  requester: Requester,
  revocation: Revocation,
): Promise<ConferenceOutcome> {
  const { consultation, userId, issuedBefore } = revocation
  const subject = auditSubjectOf(revocation)
  if (issuedBefore !== undefined || (consultation !== undefined && userId !== undefined)) return 'off'
  if (userId !== undefined) {
    return changeConference(deps, requester, 'conference.ban', subject, (conferences) => conferences.banUser(userId))
  }
  if (consultation === undefined) return 'off'
  const { room } = consultation
  return changeConference(deps, requester, 'conference.destroy', subject, (conferences) => conferences.destroy(room))
}

/**
 * Lists the revocations in force.
 * @returns a page, newest first, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function listRevocations(
  deps: RecordDeps & Pick<RevokeDeps, 'revocations'>,
  requester: Requester,
  query: RevocationQuery,
): Promise<RevocationPage | Refusal> {
  const search = parseRevocationQuery(query)
  if ('code' in search) return refuseAction(deps, requester, 'revocation.read', search)
  await recordAction(deps, requester, 'revocation.read', DONE)
  const { items, ...next } = await readPage(search, REVOCATION_CURSORS, (page) => deps.revocations.listPage(page))
  return { revocations: items.map(toRevocationAnswer), ...next }
}

/**
 * Lifts a revocation. Bans and destroyed meetings are not undone.
 * @returns undefined, or `revocation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function liftRevocation(deps: RevokeDeps, requester: Requester, id: string): Promise<Refusal | undefined> {
  const action = 'revocation.lift'
  const revocation = await deps.revocations.findById(id)
  if (revocation === undefined) return refuseAction(deps, requester, action, { code: 'revocation-not-found' })
  await recordAction(deps, requester, action, DONE, auditSubjectOf(revocation))
  await deps.revocations.remove(id)
  await publishChange(deps, revocation)
  return undefined
}
