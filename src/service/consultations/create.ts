import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationRequest } from '../../contract/consultations/consultation.ts'
import { DOCTOR_ROLE, PATIENT_ROLE } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { type Consultation, toConsultationAnswer } from '../../rules/consultations/consultation.ts'
import { planConsultation, type Plan } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { roomName } from '../../rules/consultations/room-name.ts'
import { type AuditSubject, DONE, type RecordDeps, recordAction, refuseAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import { type Created, findReplay, identifyRequest, type IdempotentRequest, KEY_REUSED } from './idempotency.ts'
import type { ConsultationStore } from './ports.ts'
import type { NewId, NewSecret } from '../ports.ts'

export type CreateConsultationDeps = RecordDeps & {
  policy: () => Policy
  consultations: ConsultationStore
  newId: NewId
  newSecret: NewSecret
  /** The key of `{hash}` in room names. */
  roomNameKey: string | undefined
  metrics: { countConsultation(what: 'created'): void }
}

/** How many room names are tried, each with the timestamp of the next second, when requests for the same people collide. */
const MAX_TRIES = 60

const ACTION = 'consultation.create'

/**
 * Creates a consultation with a room of its own. It is in the audit record before this function returns.
 * @param request a request that fits its schema
 * @param idempotencyKey identifies the request; a repeated request gets the same answer and creates nothing
 * @returns the consultation, or a refusal: those of `planConsultation`, `invalid-request`, `room-taken`,
 *   `idempotency-key-reused`
 * @throws ServiceFault `record-unavailable`
 */
export async function createConsultation(
  deps: CreateConsultationDeps,
  requester: Requester,
  request: ConsultationRequest,
  idempotencyKey?: string,
): Promise<Created<ConsultationAnswer> | Refusal> {
  const repeatable = identifyRequest(requester, request, idempotencyKey)
  const replay = await replayAnswer(deps, requester, repeatable)
  if (replay !== undefined) return replay
  const plan = planConsultation(deps.policy(), requester.caller, request, deps.clock())
  if ('code' in plan) return refuseAction(deps, requester, ACTION, plan)
  const id = deps.newId()
  for (let second = 0; second < MAX_TRIES; second += 1) {
    const room = createRoomName(deps, request, plan, id, second)
    if (room === undefined) return refuseAction(deps, requester, ACTION, PATIENT_ID_TOO_LONG)
    if ((await deps.consultations.findByRoom(room)) !== undefined) continue
    const consultation = { ...plan, id, room }
    const answer = toConsultationAnswer(consultation, deps.policy(), deps.clock(), { accessLevel: 'machine' })
    const subject = auditSubjectOf(consultation)
    const undoes = await recordAction(deps, requester, ACTION, DONE, subject)
    const idempotent = repeatable === undefined ? undefined : { ...repeatable, answer: JSON.stringify(answer) }
    const result = await deps.consultations.add(consultation, idempotent)
    if (result === 'added') {
      deps.metrics.countConsultation('created')
      return { answer, isReplay: false }
    }
    const refusal = result === 'answered' ? KEY_REUSED : ROOM_TAKEN
    await refuseAction(deps, requester, ACTION, refusal, { ...subject, undoes })
    if (result === 'answered') return (await replayAnswer(deps, requester, repeatable)) ?? refusal
  }
  return refuseAction(deps, requester, ACTION, ROOM_TAKEN)
}

const ROOM_TAKEN: Refusal = { code: 'room-taken' }

const PATIENT_ID_TOO_LONG: Refusal = {
  code: 'invalid-request',
  errors: [{ pointer: '/patientId', message: 'must be shorter to fit the room template of the policy' }],
}

function createRoomName(
  { policy, newSecret, roomNameKey }: CreateConsultationDeps,
  { patientId, doctorId }: ConsultationRequest,
  { createdAt }: Plan,
  consultationId: string,
  second: number,
): string | undefined {
  const timestamp = createdAt + second * 1000
  return roomName(
    policy().roomTemplate,
    { patientId, doctorId, timestamp, random: newSecret(16), consultationId },
    roomNameKey,
  )
}

/** The entry names the patient, or the first participant who is not the doctor. */
function auditSubjectOf({ id, room, participants }: Consultation): AuditSubject {
  const patient =
    participants.find(({ role }) => role === PATIENT_ROLE) ?? participants.find(({ role }) => role !== DOCTOR_ROLE)
  return { consultation: id, room, ...(patient === undefined ? {} : { userId: patient.userId, role: patient.role }) }
}

/** @returns the stored answer to the same request; `idempotency-key-reused` for another request; undefined if there is none */
async function replayAnswer(
  deps: CreateConsultationDeps,
  requester: Requester,
  request: IdempotentRequest | undefined,
): Promise<Created<ConsultationAnswer> | Refusal | undefined> {
  const replay = await findReplay(deps, requester, ACTION, request)
  if (replay === undefined || 'code' in replay) return replay
  const answer = JSON.parse(replay.stored) as ConsultationAnswer
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: answer.id })
  return { answer, isReplay: true }
}
