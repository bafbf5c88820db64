import type { Refusal } from '../../contract/problem.ts'
import type { TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { type Admission, evaluateAdmission, type WaitingParticipant } from '../../rules/consultations/admission.ts'
import { toIso } from '../../rules/time.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { decide } from '../../rules/tokens/decide.ts'
import { type RecordDeps, recordAction } from '../audit/record.ts'
import type { Requester } from '../requester.ts'
import type { ChangeBus, ConsultationStore } from './ports.ts'
import type { RevocationIndex } from '../ports.ts'

/** What entering a consultation needs. */
export type EnterConsultationDeps = RecordDeps & {
  policy: () => Policy
  consultations: ConsultationStore
  changeBus: ChangeBus
  revoked: RevocationIndex
}

/** What became of it, and of which consultation. */
export type EnterResult = { consultation?: Consultation | undefined; outcome: Admission | WaitingParticipant | Refusal }

/**
 * Lets somebody into a consultation, or to its waiting room; who waits stands in the record by then.
 * @returns the admission, who waits, or a refusal: what `admission` and `decide` refuse, `revoked`, `consultation-full`
 * @throws ServiceFault `record-unavailable`
 */
export async function enterConsultation(
  deps: EnterConsultationDeps,
  requester: Requester,
  request: TokenRequest,
): Promise<EnterResult> {
  const { consultation, outcome } = await decideNow(deps, requester, request)
  if ('code' in outcome || consultation === undefined) return { consultation, outcome }
  if ('since' in outcome) {
    if (outcome.participant.waitingSince === undefined) await recordWaiting(deps, requester, outcome)
    return { consultation, outcome }
  }
  const { participant } = outcome
  // Whoever was inside before comes back without a question to the store.
  if (participant.enteredAt !== undefined && participant.via === requester.caller.id) return { consultation, outcome }
  if (await deps.consultations.enter(consultation.id, participant, requester.caller.id, deps.clock())) {
    if (participant.enteredAt === undefined) deps.changeBus.publish(consultation.id)
    return { consultation, outcome }
  }
  const again = await decideNow(deps, requester, request)
  if (!('secondsLeft' in again.outcome)) return again
  // Whoever takes part anew since has not been asked for a place yet.
  if (again.outcome.participant.since !== participant.since) return enterConsultation(deps, requester, request)
  return { consultation, outcome: { code: 'consultation-full' } }
}

async function decideNow(
  { policy, clock, consultations, revoked }: EnterConsultationDeps,
  { caller }: Requester,
  request: TokenRequest,
): Promise<EnterResult> {
  const room = request.roomId
  const consultation = await consultations.findByRoom(room)
  const outcome = evaluateAdmission(policy(), caller, request, consultation, clock())
  if ('code' in outcome) return { consultation, outcome }
  // Who is refused the token, or revoked, neither waits nor takes a place.
  const decision = decide(policy(), caller, request, { secondsLeft: 0, ...outcome })
  if ('code' in decision) return { consultation, outcome: decision }
  const isRevoked = await revoked.isRevoked({ room, userId: outcome.participant.userId })
  return { consultation, outcome: isRevoked ? { code: 'revoked' } : outcome }
}

async function recordWaiting(
  deps: EnterConsultationDeps,
  requester: Requester,
  { consultation, participant, since }: WaitingParticipant,
): Promise<void> {
  const about = { consultation: consultation.id, room: consultation.room }
  const { userId, role } = participant
  await recordAction(deps, requester, 'token.issue', { outcome: 'waiting' }, { ...about, userId, role })
  await deps.consultations.recordProgress(consultation.id, participant, { waitingSince: since })
  deps.changeBus.publish(consultation.id)
}

/** What somebody who waits is told. */
export const toWaitingAnswer = ({ consultation, since }: WaitingParticipant): WaitingAnswer => ({
  state: 'waiting',
  since: toIso(since),
  consultationId: consultation.id,
})
