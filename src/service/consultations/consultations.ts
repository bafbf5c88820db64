import type { AuditEntry } from '../../contract/audit/audit-entry.ts'
import type {
  ConsultationAnswer,
  ConsultationPage,
  ConsultationQuery,
} from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationChange } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import {
  type Appointment,
  type Consultation,
  consultationAnswer,
  type Standing,
} from '../../rules/consultations/consultation.ts'
import { standingOf } from '../../rules/consultations/access.ts'
import { askedOf, cursorTo } from '../../rules/consultations/query.ts'
import { changed, finished } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import type { Background } from '../background.ts'
import { changeConference, type ConferenceParts } from './conference.ts'
import { DONE, type EntryParts, keep, refusedWith } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import type { Bell, ConsultationStore } from './ports.ts'

/** What finding consultations needs. */
export type FindingParts = EntryParts & { policy: () => Policy; consultations: ConsultationStore }

/** What changing them needs. */
export type ConsultationParts = FindingParts & {
  bell: Bell
  metrics: { consultation(what: 'changed' | 'ended' | 'cancelled'): void }
}

/** A consultation, and what the caller is to it. */
export type Found = { consultation: Consultation; standing: Standing }

/**
 * Finds a consultation for a caller. A refusal stands in the record by then.
 * @param needs `moderator` where those who merely take part may not
 * @returns it, or `consultation-not-found` for whoever may not know of it, or `role-not-allowed`
 */
export async function findFor(
  parts: FindingParts,
  asking: Asking,
  action: AuditEntry['action'],
  id: string,
  needs: 'participant' | 'moderator',
): Promise<Found | Refusal> {
  const consultation = await parts.consultations.byId(id)
  const standing = consultation === undefined ? 'none' : standingOf(parts.policy(), asking.caller, consultation)
  if (consultation === undefined || standing === 'none') {
    return refuse(parts, asking, action, { code: 'consultation-not-found' }, consultation)
  }
  if (needs === 'moderator' && standing === 'participant') {
    return refuse(parts, asking, action, { code: 'role-not-allowed' }, consultation)
  }
  return { consultation, standing }
}

/** Keeps a refusal. @param consultation the one that it is about, where there is one */
export async function refuse(
  parts: EntryParts,
  asking: Asking,
  action: AuditEntry['action'],
  refusal: Refusal,
  consultation?: Pick<Consultation, 'id'>,
): Promise<Refusal> {
  const about = consultation === undefined ? {} : { consultation: consultation.id }
  await keep(parts, asking, action, refusedWith(refusal.code), about)
  return refusal
}

const told = (parts: Pick<FindingParts, 'policy' | 'clock'>, { caller }: Asking, { consultation, standing }: Found) =>
  consultationAnswer(consultation, parts.policy().window, parts.clock(), { standing, userId: caller.user?.id })

/** Tells what was found; that it was read stands in the record by then. */
async function read(parts: FindingParts, asking: Asking, found: Found): Promise<ConsultationAnswer> {
  await keep(parts, asking, 'consultation.read', DONE, { consultation: found.consultation.id })
  return told(parts, asking, found)
}

/** @returns a consultation as this caller may see it, or `consultation-not-found` */
export async function readConsultation(
  parts: FindingParts,
  asking: Asking,
  id: string,
): Promise<ConsultationAnswer | Refusal> {
  const found = await findFor(parts, asking, 'consultation.read', id, 'participant')
  return 'code' in found ? found : read(parts, asking, found)
}

/** @returns when a consultation takes place, or `consultation-not-found` */
export async function readAppointment(parts: FindingParts, asking: Asking, id: string): Promise<Appointment | Refusal> {
  const found = await findFor(parts, asking, 'consultation.read', id, 'participant')
  if ('code' in found) return found
  await keep(parts, asking, 'consultation.read', DONE, { consultation: id })
  const { version, startsAt, endsAt, cancelledAt } = found.consultation
  return { id, version, startsAt, endsAt, changedAt: parts.clock(), cancelled: cancelledAt !== undefined }
}

/** @returns a page in the order of the beginnings, of a signed-in user the user's own; or `invalid-request` */
export async function listConsultations(
  parts: FindingParts,
  asking: Asking,
  query: ConsultationQuery,
): Promise<ConsultationPage | Refusal> {
  const { user } = asking.caller
  const asked = askedOf(user === undefined ? query : { ...query, participant: user.id })
  if ('code' in asked) return refuse(parts, asking, 'consultation.read', asked)
  await keep(parts, asking, 'consultation.read', DONE)
  const { window } = parts.policy()
  const closedBy = parts.clock() - window.graceMs
  // One more than asked for tells whether there is a next page.
  const found = await parts.consultations.search({ ...asked, closedBy, limit: asked.limit + 1 })
  const page = found.slice(0, asked.limit)
  const last = page.at(-1)
  const seen = page.map((consultation) => ({
    consultation,
    standing: standingOf(parts.policy(), asking.caller, consultation),
  }))
  return {
    consultations: seen.filter(({ standing }) => standing !== 'none').map((each) => told(parts, asking, each)),
    ...(found.length > asked.limit && last !== undefined ? { nextCursor: cursorTo(last) } : {}),
  }
}

/**
 * Changes a consultation.
 * @param version the one that the caller knows
 * @returns the next version, or `consultation-not-found`, `version-conflict`, or what `changed` refuses
 */
export async function changeConsultation(
  parts: ConsultationParts,
  asking: Asking,
  id: string,
  version: number,
  change: ConsultationChange,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.change'
  const found = await findFor(parts, asking, action, id, 'moderator')
  if ('code' in found) return found
  if (found.consultation.version !== version) {
    return refuse(parts, asking, action, { code: 'version-conflict' }, found.consultation)
  }
  const next = changed(parts.policy(), asking.caller, found.consultation, change, parts.clock())
  if ('code' in next) return refuse(parts, asking, action, next, found.consultation)
  if (!(await put(parts, asking, action, next))) {
    return refuse(parts, asking, action, { code: 'version-conflict' }, found.consultation)
  }
  parts.metrics.consultation('changed')
  return told(parts, asking, { ...found, consultation: next })
}

/** How often a change of somebody else may come between. */
const TRIES = 8

/** What ending them needs. */
export type FinishingParts = ConsultationParts & ConferenceParts & { background: Background }

/**
 * Ends or cancels a consultation, for good. What is so already is answered as it is. Where the settings let it, a meeting
 * that may be running is destroyed; nobody waits for that.
 * @returns the consultation, or `consultation-not-found`, `role-not-allowed`, or what `finished` refuses
 */
export async function finishConsultation(
  parts: FinishingParts,
  asking: Asking,
  id: string,
  how: 'end' | 'cancel',
): Promise<ConsultationAnswer | Refusal> {
  const action = how === 'end' ? 'consultation.end' : 'consultation.cancel'
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await findFor(parts, asking, action, id, 'moderator')
    if ('code' in found) return found
    const next = finished(parts.policy(), found.consultation, how, parts.clock())
    if ('code' in next) return refuse(parts, asking, action, next, found.consultation)
    if (next === found.consultation) return read(parts, asking, found)
    if (await put(parts, asking, action, next)) {
      parts.metrics.consultation(how === 'end' ? 'ended' : 'cancelled')
      if (how === 'end' || next.openedAt !== undefined) parts.background.run(() => destroyMeeting(parts, asking, next))
      return told(parts, asking, { ...found, consultation: next })
    }
  }
  return refuse(parts, asking, action, { code: 'version-conflict' }, { id })
}

const destroyMeeting = (parts: ConferenceParts, asking: Asking, { id, room }: Consultation) =>
  changeConference(parts, asking, 'conference.destroy', { consultation: id, room }, (conferences) =>
    conferences.destroy(room),
  )

/** Records a change, then makes it, then tells those who listen. @returns false where another was faster */
async function put(parts: ConsultationParts, asking: Asking, action: AuditEntry['action'], next: Consultation) {
  await keep(parts, asking, action, DONE, { consultation: next.id, room: next.room })
  const done = await parts.consultations.replace(next)
  if (done) parts.bell.ring(next.id)
  return done
}
