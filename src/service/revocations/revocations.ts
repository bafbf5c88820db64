import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type {
  RevocationAnswer,
  RevocationMade,
  RevocationPage,
  RevocationQuery,
  RevocationRequest,
} from '../../contract/revocation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { cursorAt } from '../../rules/cursor.ts'
import { type Revocation, toRevocationAnswer, parseRevocationQuery, parseIssuedBefore } from '../../rules/revocation.ts'
import { changeConference, type ConferenceDeps } from '../consultations/conference.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import { REVOCATIONS_TOPIC } from './cache.ts'
import type { NewId } from '../ports.ts'
import type { RevocationStore } from './ports.ts'

/** What revoking needs. */
export type RevokeDeps = ConferenceDeps & {
  newId: NewId
  consultations: Pick<ConsultationStore, 'findById'>
  revocations: RevocationStore
  /** Reads those that are in force again. */
  revoked: { refresh(): Promise<void> }
  changeBus: ChangeBus
}

/**
 * Revokes: from the answer on this instance issues nothing against it, and the others do not once the changeBus told them, or
 * while it cannot tell them. Where the settings let it, the running meeting is told too; a ban there is never lifted.
 * @param request one whose shape was checked
 * @returns the revocation, or `invalid-request`, `consultation-not-found`
 * @throws ServiceFault `record-unavailable`; then it may stand or not
 */
export async function revoke(
  deps: RevokeDeps,
  requester: Requester,
  request: RevocationRequest,
): Promise<RevocationMade | Refusal> {
  const now = deps.clock()
  const before = parseIssuedBefore(request, now)
  if ('code' in before) return recordRefused(deps, requester, 'revocation.create', before)
  const { consultationId, userId } = request
  const consultation = consultationId === undefined ? undefined : await deps.consultations.findById(consultationId)
  if (consultationId !== undefined && consultation === undefined) {
    return recordRefused(deps, requester, 'revocation.create', { code: 'consultation-not-found' })
  }
  const revocation: Revocation = {
    id: deps.newId(),
    ...(consultation === undefined ? {} : { consultation: { id: consultation.id, room: consultation.room } }),
    ...(userId === undefined ? {} : { userId }),
    ...before,
    createdAt: now,
    createdBy: requester.caller.id,
  }
  await recordAction(deps, requester, 'revocation.create', DONE, auditSubjectOf(revocation))
  await deps.revocations.add(revocation)
  await publishChange(deps, revocation)
  return { ...toRevocationAnswer(revocation), conference: await applyToConference(deps, requester, revocation) }
}

/** The user and consultation that a revocation names, for the record. */
const auditSubjectOf = ({ consultation, userId }: Revocation) => ({
  ...(consultation === undefined ? {} : { consultation: consultation.id, room: consultation.room }),
  ...(userId === undefined ? {} : { userId }),
})

/** Heeds a change here before it is answered, and tells the others, and whoever waits in the consultation. */
async function publishChange({ revoked, changeBus }: RevokeDeps, { consultation }: Revocation): Promise<void> {
  changeBus.publish(REVOCATIONS_TOPIC)
  if (consultation !== undefined) changeBus.publish(consultation.id)
  await revoked.refresh()
}

/**
 * A ban counts for a user everywhere and for good, a meeting is destroyed for all: neither fits a narrower revocation, nor
 * one that lets new tokens be had.
 */
async function applyToConference(deps: RevokeDeps, requester: Requester, revocation: Revocation) {
  const { consultation, userId, issuedBefore } = revocation
  const about = auditSubjectOf(revocation)
  if (issuedBefore !== undefined || (consultation !== undefined && userId !== undefined)) return 'off'
  if (userId !== undefined) {
    return changeConference(deps, requester, 'conference.ban', about, (conferences) => conferences.banUser(userId))
  }
  if (consultation === undefined) return 'off'
  const { room } = consultation
  return changeConference(deps, requester, 'conference.destroy', about, (conferences) => conferences.destroy(room))
}

/** @returns a page of those that are in force, newest first, or `invalid-request` */
export async function listRevocations(
  deps: RecordDeps & Pick<RevokeDeps, 'revocations'>,
  requester: Requester,
  query: RevocationQuery,
): Promise<RevocationPage | Refusal> {
  const asked = parseRevocationQuery(query)
  if ('code' in asked) return recordRefused(deps, requester, 'revocation.read', asked)
  await recordAction(deps, requester, 'revocation.read', DONE)
  // One more than asked for tells whether there is a next page.
  const found = await deps.revocations.listPage({ ...asked, limit: asked.limit + 1 })
  const page = found.slice(0, asked.limit)
  const last = page.at(-1)
  const more = found.length > asked.limit && last !== undefined
  return {
    revocations: page.map((each): RevocationAnswer => toRevocationAnswer(each)),
    ...(more ? { nextCursor: cursorAt({ at: last.createdAt, id: last.id }) } : {}),
  }
}

/**
 * Lifts a revocation; what a meeting was told stays.
 * @returns nothing, or `revocation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function liftRevocation(deps: RevokeDeps, requester: Requester, id: string): Promise<Refusal | undefined> {
  const found = await deps.revocations.findById(id)
  if (found === undefined) return recordRefused(deps, requester, 'revocation.lift', { code: 'revocation-not-found' })
  await recordAction(deps, requester, 'revocation.lift', DONE, auditSubjectOf(found))
  await deps.revocations.remove(id)
  await publishChange(deps, found)
  return undefined
}

async function recordRefused(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  refusal: Refusal,
): Promise<Refusal> {
  await recordAction(deps, requester, action, refusalOutcome(refusal.code))
  return refusal
}
