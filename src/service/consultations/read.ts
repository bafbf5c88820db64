import type {
  ConsultationAnswer,
  ConsultationPage,
  ConsultationQuery,
} from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import { accessLevelOf } from '../../rules/consultations/access.ts'
import type { Appointment } from '../../rules/consultations/consultation.ts'
import { CONSULTATION_CURSORS, parseConsultationQuery } from '../../rules/consultations/query.ts'
import { DONE, recordAction, refuseAction } from '../audit/record.ts'
import { readPage } from '../page.ts'
import type { Requester } from '../requester.ts'
import { findConsultation, type FindConsultationDeps, type FoundConsultation, buildConsultationAnswer } from './find.ts'

/**
 * Reads a consultation.
 * @returns the consultation as the caller may see it, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function readConsultation(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
): Promise<ConsultationAnswer | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  return 'code' in result ? result : recordRead(deps, requester, result)
}

/** Records that a consultation is read, and returns its answer. */
export async function recordRead(
  deps: FindConsultationDeps,
  requester: Requester,
  found: FoundConsultation,
): Promise<ConsultationAnswer> {
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: found.consultation.id })
  return buildConsultationAnswer(deps, requester, found)
}

/**
 * Reads the date of a consultation, without its people.
 * @returns the appointment, or `consultation-not-found`
 * @throws ServiceFault `record-unavailable`
 */
export async function readAppointment(
  deps: FindConsultationDeps,
  requester: Requester,
  id: string,
): Promise<Appointment | Refusal> {
  const result = await findConsultation(deps, requester, 'consultation.read', id, 'participant')
  if ('code' in result) return result
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: id })
  const { version, startsAt, endsAt, cancelledAt } = result.consultation
  return { id, version, startsAt, endsAt, changedAt: deps.clock(), cancelled: cancelledAt !== undefined }
}

/**
 * Lists consultations in the order of their start. A signed-in user sees the user's own consultations only.
 * @returns a page, or `invalid-request`
 * @throws ServiceFault `record-unavailable`
 */
export async function listConsultations(
  deps: FindConsultationDeps,
  requester: Requester,
  query: ConsultationQuery,
): Promise<ConsultationPage | Refusal> {
  const { user } = requester.caller
  const search = parseConsultationQuery(user === undefined ? query : { ...query, participant: user.id })
  if ('code' in search) return refuseAction(deps, requester, 'consultation.read', search)
  await recordAction(deps, requester, 'consultation.read', DONE)
  const { window } = deps.policy()
  const closedBy = deps.clock() - window.graceMs
  const { items, ...next } = await readPage({ ...search, closedBy }, CONSULTATION_CURSORS, (page) =>
    deps.consultations.search(page),
  )
  const consultations = items
    .map((consultation) => ({
      consultation,
      accessLevel: accessLevelOf(deps.policy(), requester.caller, consultation),
    }))
    .filter(({ accessLevel }) => accessLevel !== 'none')
  return {
    consultations: consultations.map((each) => buildConsultationAnswer(deps, requester, each)),
    ...next,
  }
}
