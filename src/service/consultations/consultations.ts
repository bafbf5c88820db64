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
  toConsultationAnswer,
  type AccessLevel,
} from '../../rules/consultations/consultation.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import { parseConsultationQuery, cursorTo } from '../../rules/consultations/query.ts'
import { planChange, planFinish } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import type { Background } from '../background.ts'
import { changeConference, type ConferenceDeps } from './conference.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { ChangeBus, ConsultationStore } from './ports.ts'

/** What finding consultations needs. */
export type FindConsultationDeps = RecordDeps & { policy: () => Policy; consultations: ConsultationStore }

/** What changing them needs. */
export type ChangeConsultationDeps = FindConsultationDeps & {
  changeBus: ChangeBus
  metrics: { countConsultation(what: 'changed' | 'ended' | 'cancelled'): void }
}

/** A consultation, and what the caller is to it. */
export type FoundConsultation = { consultation: Consultation; standing: AccessLevel }

/**
 * Finds a consultation for a caller. A refusal stands in the record by then.
 * @param needs `moderator` where those who merely take part may not
 * @returns it, or `consultation-not-found` for whoever may not know of it, or `role-not-allowed`
 */
export async function findConsultation(
  deps: FindConsultationDeps,
  requester: Requester,
  action: AuditEntry['action'],
  id: string,
  needs: 'participant' | 'moderator',
): Promise<FoundConsultation | Refusal> {
  const consultation = await deps.consultations.findById(id)
  const standing = consultation === undefined ? 'none' : accessLevelOf(deps.policy(), requester.caller, consultation)
  if (consultation === undefined || standing === 'none') {
    return recordRefused(deps, requester, action, { code: 'consultation-not-found' }, consultation)
  }
  if (needs === 'moderator' && standing === 'participant') {
    return recordRefused(deps, requester, action, { code: 'role-not-allowed' }, consultation)
  }
  return { consultation, standing }
}

/** Keeps a refusal. @param consultation the one that it is about, where there is one */
export async function recordRefused(
  deps: RecordDeps,
  requester: Requester,
  action: AuditEntry['action'],
  refusal: Refusal,
  consultation?: Pick<Consultation, 'id'>,
): Promise<Refusal> {
  const about = consultation === undefined ? {} : { consultation: consultation.id }
  await recordAction(deps, requester, action, refusalOutcome(refusal.code), about)
  return refusal
}

const toAnswer = (
  deps: Pick<FindConsultationDeps, 'policy' | 'clock'>,
  { caller }: Requester,
  { consultation, standing }: FoundConsultation,
) => toConsultationAnswer(consultation, deps.policy().window, deps.clock(), { standing, userId: caller.user?.id })

/** Tells what was found; that it was read stands in the record by then. */
async function recordRead(
  deps: FindConsultationDeps,
  requester: Requester,
  found: FoundConsultation,
): Promise<ConsultationAnswer> {
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: found.consultation.id })
  return toAnswer(deps, requester, found)
}

/** @returns a consultation as this caller may see it, or `consultation-not-found` */
export async function readConsultation(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
): Promise<ConsultationAnswer | Refusal> {
  const found = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  return 'code' in found ? found : recordRead(deps, requester, found)
}

/** @returns when a consultation takes place, or `consultation-not-found` */
export async function readAppointment(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
): Promise<Appointment | Refusal> {
  const found = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  if ('code' in found) return found
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const { version, startsAt, endsAt, cancelledAt } = found.consultation
  return { id, version, startsAt, endsAt, changedAt: deps.clock(), cancelled: cancelledAt !== undefined }
}

/** @returns a page in the order of the beginnings, of a signed-in user the user's own; or `invalid-request` */
export async function listConsultations(
  deps: FindConsultationDeps,
  requester: Requester,
  query: ConsultationQuery,
): Promise<ConsultationPage | Refusal> {
  const { user } = requester.caller
  const asked = parseConsultationQuery(user === undefined ? query : { ...query, participant: user.id })
  if ('code' in asked) return recordRefused(deps, requester, 'consultation.read', asked)
  await recordAction(deps, requester, 'consultation.read', DONE)
  const { window } = deps.policy()
  const closedBy = deps.clock() - window.graceMs
  // One more than asked for tells whether there is a next page.
  const found = await deps.consultations.search({ ...asked, closedBy, limit: asked.limit + 1 })
  const page = found.slice(0, asked.limit)
  const last = page.at(-1)
  const seen = page.map((consultation) => ({
    consultation,
    standing: accessLevelOf(deps.policy(), requester.caller, consultation),
  }))
  return {
    consultations: seen.filter(({ standing }) => standing !== 'none').map((each) => toAnswer(deps, requester, each)),
    ...(found.length > asked.limit && last !== undefined ? { nextCursor: cursorTo(last) } : {}),
  }
}

/**
 * Changes a consultation.
 * @param version the one that the caller knows
 * @returns the next version, or `consultation-not-found`, `version-conflict`, or what `changed` refuses
 */
export async function changeConsultation(
  deps: ChangeConsultationDeps,
  requester: Requester,
  id: string,
  version: number,
  change: ConsultationChange,
): Promise<ConsultationAnswer | Refusal> {
  const action = 'consultation.change'
  const found = await findConsultation(deps, requester, action, id, 'moderator')
  if ('code' in found) return found
  if (found.consultation.version !== version) {
    return recordRefused(deps, requester, action, { code: 'version-conflict' }, found.consultation)
  }
  const next = planChange(deps.policy(), requester.caller, found.consultation, change, deps.clock())
  if ('code' in next) return recordRefused(deps, requester, action, next, found.consultation)
  if (!(await saveChange(deps, requester, action, next))) {
    return recordRefused(deps, requester, action, { code: 'version-conflict' }, found.consultation)
  }
  deps.metrics.countConsultation('changed')
  return toAnswer(deps, requester, { ...found, consultation: next })
}

/** How often a change of somebody else may come between. */
const MAX_TRIES = 8

/** What ending them needs. */
export type FinishConsultationDeps = ChangeConsultationDeps & ConferenceDeps & { background: Background }

/**
 * Ends or cancels a consultation, for good. What is so already is answered as it is. Where the settings let it, a meeting
 * that may be running is destroyed; nobody waits for that.
 * @returns the consultation, or `consultation-not-found`, `role-not-allowed`, or what `finished` refuses
 */
export async function finishConsultation(
  deps: FinishConsultationDeps,
  requester: Requester,
  id: string,
  how: 'end' | 'cancel',
): Promise<ConsultationAnswer | Refusal> {
  const action = how === 'end' ? 'consultation.end' : 'consultation.cancel'
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const found = await findConsultation(deps, requester, action, id, 'moderator')
    if ('code' in found) return found
    const next = planFinish(deps.policy(), found.consultation, how, deps.clock())
    if ('code' in next) return recordRefused(deps, requester, action, next, found.consultation)
    if (next === found.consultation) return recordRead(deps, requester, found)
    if (await saveChange(deps, requester, action, next)) {
      deps.metrics.countConsultation(how === 'end' ? 'ended' : 'cancelled')
      if (how === 'end' || next.openedAt !== undefined) deps.background.run(() => destroyMeeting(deps, requester, next))
      return toAnswer(deps, requester, { ...found, consultation: next })
    }
  }
  return recordRefused(deps, requester, action, { code: 'version-conflict' }, { id })
}

const destroyMeeting = (deps: ConferenceDeps, requester: Requester, { id, room }: Consultation) =>
  changeConference(deps, requester, 'conference.destroy', { consultation: id, room }, (conferences) =>
    conferences.destroy(room),
  )

/** Records a change, then makes it, then tells those who listen. @returns false where another was faster */
async function saveChange(
  deps: ChangeConsultationDeps,
  requester: Requester,
  action: AuditEntry['action'],
  next: Consultation,
) {
  await recordAction(deps, requester, action, DONE, { consultation: next.id, room: next.room })
  const done = await deps.consultations.replace(next)
  if (done) deps.changeBus.publish(next.id)
  return done
}
