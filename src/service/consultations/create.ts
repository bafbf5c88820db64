import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationRequest } from '../../contract/consultations/consultation.ts'
import { DOCTOR, PATIENT } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { fingerprintJson } from '../../rules/canonical-json.ts'
import { type Consultation, toConsultationAnswer } from '../../rules/consultations/consultation.ts'
import { planConsultation, type Plan } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { roomName } from '../../rules/consultations/room-name.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { ConsultationStore } from './ports.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What making a consultation needs. */
export type CreateConsultationDeps = RecordDeps & {
  policy: () => Policy
  consultations: ConsultationStore
  newId: NewId
  newSecret: NewSecret
  /** Key of `{hash}` in room names. */
  roomNameKey: string | undefined
  metrics: { countConsultation(what: 'created'): void }
}

/** How many rooms are tried: those of the seconds that follow, where two make one for the same people at once. */
const MAX_TRIES = 60

/**
 * Makes a consultation with a room of its own; it stands in the record by then.
 * @param request one whose shape was checked
 * @param idempotencyKey names the request; when it comes again, the answer is the same and nothing is made
 * @returns the answer, or a refusal: what `planned` refuses, `room-taken`, `idempotency-key-reused`
 * @throws ServiceFault `record-unavailable`
 */
export async function createConsultation(
  deps: CreateConsultationDeps,
  requester: Requester,
  request: ConsultationRequest,
  idempotencyKey?: string,
): Promise<ConsultationAnswer | Refusal> {
  const fingerprint = fingerprintJson(request)
  const before = await replayAnswer(deps, requester, fingerprint, idempotencyKey)
  if (before !== undefined) return before
  const plan = planConsultation(deps.policy(), requester.caller, request, deps.clock())
  if ('code' in plan) return recordRefused(deps, requester, plan)
  const id = deps.newId()
  for (let second = 0; second < MAX_TRIES; second += 1) {
    const room = makeRoomName(deps, request, plan, id, second)
    if (room === undefined) return recordRefused(deps, requester, TOO_LONG)
    if ((await deps.consultations.findByRoom(room)) !== undefined) continue
    const consultation = { ...plan, id, room }
    const answer = toConsultationAnswer(consultation, deps.policy().window, deps.clock(), { standing: 'machine' })
    await recordAction(deps, requester, 'consultation.create', DONE, auditSubjectOf(consultation))
    const idempotent =
      idempotencyKey === undefined
        ? undefined
        : { caller: requester.caller.id, key: idempotencyKey, fingerprint, answer: JSON.stringify(answer) }
    const added = await deps.consultations.add(consultation, idempotent)
    if (added === 'added') {
      deps.metrics.countConsultation('created')
      return answer
    }
    if (added === 'answered') return (await replayAnswer(deps, requester, fingerprint, idempotencyKey)) ?? answer
  }
  return recordRefused(deps, requester, { code: 'room-taken' })
}

const TOO_LONG: Refusal = {
  code: 'invalid-request',
  errors: [{ pointer: '/patientId', message: 'must be shorter, for the room template of the policy to fit a name' }],
}

function makeRoomName(
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

/** Of the two the patient is whom the record names. */
function auditSubjectOf({ id, room, participants }: Consultation) {
  const patient = participants.find(({ role }) => role === PATIENT) ?? participants.find(({ role }) => role !== DOCTOR)
  return { consultation: id, room, ...(patient === undefined ? {} : { userId: patient.userId, role: patient.role }) }
}

/** What was answered to the same request before; undefined where it did not come yet. */
async function replayAnswer(
  deps: CreateConsultationDeps,
  requester: Requester,
  fingerprint: string,
  key: string | undefined,
): Promise<ConsultationAnswer | Refusal | undefined> {
  const before = key === undefined ? undefined : await deps.consultations.findAnswer(requester.caller.id, key)
  if (before === undefined) return undefined
  if (before.fingerprint !== fingerprint) return recordRefused(deps, requester, { code: 'idempotency-key-reused' })
  const answer = JSON.parse(before.answer) as ConsultationAnswer
  await recordAction(deps, requester, 'consultation.read', DONE, { consultation: answer.id })
  return answer
}

async function recordRefused(deps: CreateConsultationDeps, requester: Requester, refusal: Refusal): Promise<Refusal> {
  await recordAction(deps, requester, 'consultation.create', refusalOutcome(refusal.code))
  return refusal
}
