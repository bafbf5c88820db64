import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationRequest } from '../../contract/consultations/consultation.ts'
import { DOCTOR, PATIENT } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { fingerprintOf } from '../../rules/canonical-json.ts'
import { type Consultation, consultationAnswer } from '../../rules/consultations/consultation.ts'
import { planned, type Plan } from '../../rules/consultations/plan.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { roomName } from '../../rules/consultations/room-name.ts'
import { DONE, type EntryParts, keep, refusedWith } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import type { ConsultationStore } from './ports.ts'
import type { NewId, NewSecret } from '../ports.ts'

/** What making a consultation needs. */
export type CreatingParts = EntryParts & {
  policy: () => Policy
  consultations: ConsultationStore
  newId: NewId
  newSecret: NewSecret
  /** Key of `{hash}` in room names. */
  roomNameKey: string | undefined
  metrics: { consultation(what: 'created'): void }
}

/** How many rooms are tried: those of the seconds that follow, where two make one for the same people at once. */
const TRIES = 60

/**
 * Makes a consultation with a room of its own; it stands in the record by then.
 * @param request one whose shape was checked
 * @param idempotencyKey names the request; when it comes again, the answer is the same and nothing is made
 * @returns the answer, or a refusal: what `planned` refuses, `room-taken`, `idempotency-key-reused`
 * @throws ServiceFault `record-unavailable`
 */
export async function createConsultation(
  parts: CreatingParts,
  asking: Asking,
  request: ConsultationRequest,
  idempotencyKey?: string,
): Promise<ConsultationAnswer | Refusal> {
  const fingerprint = fingerprintOf(request)
  const before = await replayed(parts, asking, fingerprint, idempotencyKey)
  if (before !== undefined) return before
  const plan = planned(parts.policy(), asking.caller, request, parts.clock())
  if ('code' in plan) return refuse(parts, asking, plan)
  const id = parts.newId()
  for (let second = 0; second < TRIES; second += 1) {
    const room = roomFor(parts, request, plan, id, second)
    if (room === undefined) return refuse(parts, asking, TOO_LONG)
    if ((await parts.consultations.byRoom(room)) !== undefined) continue
    const consultation = { ...plan, id, room }
    const answer = consultationAnswer(consultation, parts.policy().window, parts.clock(), { standing: 'machine' })
    await keep(parts, asking, 'consultation.create', DONE, aboutNew(consultation))
    const idempotent =
      idempotencyKey === undefined
        ? undefined
        : { caller: asking.caller.id, key: idempotencyKey, fingerprint, answer: JSON.stringify(answer) }
    const added = await parts.consultations.add(consultation, idempotent)
    if (added === 'added') {
      parts.metrics.consultation('created')
      return answer
    }
    if (added === 'answered') return (await replayed(parts, asking, fingerprint, idempotencyKey)) ?? answer
  }
  return refuse(parts, asking, { code: 'room-taken' })
}

const TOO_LONG: Refusal = {
  code: 'invalid-request',
  errors: [{ pointer: '/patientId', message: 'must be shorter, for the room template of the policy to fit a name' }],
}

function roomFor(
  { policy, newSecret, roomNameKey }: CreatingParts,
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
function aboutNew({ id, room, participants }: Consultation) {
  const patient = participants.find(({ role }) => role === PATIENT) ?? participants.find(({ role }) => role !== DOCTOR)
  return { consultation: id, room, ...(patient === undefined ? {} : { userId: patient.userId, role: patient.role }) }
}

/** What was answered to the same request before; undefined where it did not come yet. */
async function replayed(
  parts: CreatingParts,
  asking: Asking,
  fingerprint: string,
  key: string | undefined,
): Promise<ConsultationAnswer | Refusal | undefined> {
  const before = key === undefined ? undefined : await parts.consultations.answered(asking.caller.id, key)
  if (before === undefined) return undefined
  if (before.fingerprint !== fingerprint) return refuse(parts, asking, { code: 'idempotency-key-reused' })
  const answer = JSON.parse(before.answer) as ConsultationAnswer
  await keep(parts, asking, 'consultation.read', DONE, { consultation: answer.id })
  return answer
}

async function refuse(parts: CreatingParts, asking: Asking, refusal: Refusal): Promise<Refusal> {
  await keep(parts, asking, 'consultation.create', refusedWith(refusal.code))
  return refusal
}
