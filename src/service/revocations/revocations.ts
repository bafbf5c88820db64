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
import { type Revocation, revocationAnswer, revocationPage, revokedBefore } from '../../rules/revocation.ts'
import { changeConference, type ConferenceParts } from '../consultations/conference.ts'
import type { Bell, ConsultationStore } from '../consultations/ports.ts'
import { DONE, type EntryParts, keep, refusedWith } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import { REVOCATIONS_TOPIC } from './cache.ts'
import type { NewId } from '../ports.ts'
import type { RevocationStore } from './ports.ts'

/** What revoking needs. */
export type RevokingParts = ConferenceParts & {
  newId: NewId
  consultations: Pick<ConsultationStore, 'byId'>
  revocations: RevocationStore
  /** Reads those that are in force again. */
  revoked: { refresh(): Promise<void> }
  bell: Bell
}

/**
 * Revokes: from the answer on this instance issues nothing against it, and the others do not once the bell told them, or
 * while it cannot tell them. Where the settings let it, the running meeting is told too; a ban there is never lifted.
 * @param request one whose shape was checked
 * @returns the revocation, or `invalid-request`, `consultation-not-found`
 * @throws ServiceFault `record-unavailable`; then it may stand or not
 */
export async function revoke(
  parts: RevokingParts,
  asking: Asking,
  request: RevocationRequest,
): Promise<RevocationMade | Refusal> {
  const now = parts.clock()
  const before = revokedBefore(request, now)
  if ('code' in before) return refuse(parts, asking, 'revocation.create', before)
  const { consultationId, userId } = request
  const consultation = consultationId === undefined ? undefined : await parts.consultations.byId(consultationId)
  if (consultationId !== undefined && consultation === undefined) {
    return refuse(parts, asking, 'revocation.create', { code: 'consultation-not-found' })
  }
  const revocation: Revocation = {
    id: parts.newId(),
    ...(consultation === undefined ? {} : { consultation: { id: consultation.id, room: consultation.room } }),
    ...(userId === undefined ? {} : { userId }),
    ...before,
    createdAt: now,
    createdBy: asking.caller.id,
  }
  await keep(parts, asking, 'revocation.create', DONE, aboutOf(revocation))
  await parts.revocations.add(revocation)
  await changed(parts, revocation)
  return { ...revocationAnswer(revocation), conference: await tellConference(parts, asking, revocation) }
}

/** The user and consultation that a revocation names, for the record. */
const aboutOf = ({ consultation, userId }: Revocation) => ({
  ...(consultation === undefined ? {} : { consultation: consultation.id, room: consultation.room }),
  ...(userId === undefined ? {} : { userId }),
})

/** Heeds a change here before it is answered, and tells the others, and whoever waits in the consultation. */
async function changed({ revoked, bell }: RevokingParts, { consultation }: Revocation): Promise<void> {
  bell.ring(REVOCATIONS_TOPIC)
  if (consultation !== undefined) bell.ring(consultation.id)
  await revoked.refresh()
}

/**
 * A ban counts for a user everywhere and for good, a meeting is destroyed for all: neither fits a narrower revocation, nor
 * one that lets new tokens be had.
 */
async function tellConference(parts: RevokingParts, asking: Asking, revocation: Revocation) {
  const { consultation, userId, issuedBefore } = revocation
  const about = aboutOf(revocation)
  if (issuedBefore !== undefined || (consultation !== undefined && userId !== undefined)) return 'off'
  if (userId !== undefined) {
    return changeConference(parts, asking, 'conference.ban', about, (conferences) => conferences.banUser(userId))
  }
  if (consultation === undefined) return 'off'
  const { room } = consultation
  return changeConference(parts, asking, 'conference.destroy', about, (conferences) => conferences.destroy(room))
}

/** @returns a page of those that are in force, newest first, or `invalid-request` */
export async function listRevocations(
  parts: EntryParts & Pick<RevokingParts, 'revocations'>,
  asking: Asking,
  query: RevocationQuery,
): Promise<RevocationPage | Refusal> {
  const asked = revocationPage(query)
  if ('code' in asked) return refuse(parts, asking, 'revocation.read', asked)
  await keep(parts, asking, 'revocation.read', DONE)
  // One more than asked for tells whether there is a next page.
  const found = await parts.revocations.page({ ...asked, limit: asked.limit + 1 })
  const page = found.slice(0, asked.limit)
  const last = page.at(-1)
  const more = found.length > asked.limit && last !== undefined
  return {
    revocations: page.map((each): RevocationAnswer => revocationAnswer(each)),
    ...(more ? { nextCursor: cursorAt({ at: last.createdAt, id: last.id }) } : {}),
  }
}

/**
 * Lifts a revocation; what a meeting was told stays.
 * @returns nothing, or `revocation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function liftRevocation(parts: RevokingParts, asking: Asking, id: string): Promise<Refusal | undefined> {
  const found = await parts.revocations.byId(id)
  if (found === undefined) return refuse(parts, asking, 'revocation.lift', { code: 'revocation-not-found' })
  await keep(parts, asking, 'revocation.lift', DONE, aboutOf(found))
  await parts.revocations.remove(id)
  await changed(parts, found)
  return undefined
}

async function refuse(
  parts: EntryParts,
  asking: Asking,
  action: AuditEntry['action'],
  refusal: Refusal,
): Promise<Refusal> {
  await keep(parts, asking, action, refusedWith(refusal.code))
  return refusal
}
