import type { TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Waiting } from '../../rules/consultations/admission.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { toIso } from '../../rules/time.ts'
import { type Decision, evaluate } from '../../rules/tokens/evaluate.ts'
import { type RecordDeps, recordAction } from '../audit/record.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import { recordPresence, type RecordPresenceDeps } from '../consultations/presence.ts'
import type { RevocationIndex, Trace } from '../ports.ts'
import type { Requester } from '../requester.ts'

export type EnterConsultationDeps = RecordDeps &
  RecordPresenceDeps & {
    policy: () => Policy
    consultations: ConsultationStore
    changeBus: ChangeBus
    revoked: RevocationIndex
    trace: Trace
  }

/** A token request of a consultation-bound caller, and when it arrived, in epoch milliseconds. */
export type EnterRequest = {
  requester: Requester
  request: TokenRequest
  at: number
  /** When the token that is to be renewed was issued, in epoch milliseconds. */
  issuedAt?: number | undefined
}

/** The decision, and the consultation that it was based on. */
type EnterResult = { consultation: Consultation | undefined; decision: Decision }

/**
 * Lets a participant enter a consultation or its waiting room. Only a participant who would get a token waits or takes one
 * of the places. A new participant in the waiting room is in the audit record before this function returns.
 * @returns a grant with `admitted`, a waiting participant, or a refusal: the codes of `evaluate`, `revoked`,
 *   `consultation-full`
 * @throws ServiceFault `record-unavailable`
 */
export async function enterConsultation(deps: EnterConsultationDeps, entry: EnterRequest): Promise<EnterResult> {
  const { consultation, decision } = await decide(deps, entry)
  if ('code' in decision) return { consultation, decision }
  if ('since' in decision) {
    if (decision.participant.waitingSince === undefined) await recordWaiting(deps, entry.requester, decision)
    else await recordPresence(deps, decision.consultation, decision.participant)
    return { consultation, decision }
  }
  const { admitted } = decision
  if (admitted === undefined || (await takePlace(deps, entry.requester, admitted))) return { consultation, decision }
  const retry = await decide(deps, entry)
  if ('code' in retry.decision || 'since' in retry.decision) return retry
  // The participant was removed and added again meanwhile, and needs a place as the new one.
  if (retry.decision.admitted?.participant.since !== admitted.participant.since) return enterConsultation(deps, entry)
  return { consultation, decision: { code: 'consultation-full' } }
}

async function decide(
  { policy, consultations, revoked, trace }: EnterConsultationDeps,
  { requester, request, at, issuedAt }: EnterRequest,
): Promise<EnterResult> {
  const consultation = await consultations.findByRoom(request.roomId)
  const decision = trace('decide', () => evaluate(policy(), requester.caller, request, consultation, at))
  if ('code' in decision) return { consultation, decision }
  const userId = 'since' in decision ? decision.participant.userId : decision.user.id
  const isRevoked = await revoked.isRevoked({
    room: request.roomId,
    userId,
    ...(issuedAt === undefined ? {} : { issuedAt }),
  })
  return { consultation, decision: isRevoked ? { code: 'revoked' } : decision }
}

/** @returns false where every place is taken, or where the participant or the consultation changed meanwhile */
async function takePlace(
  { consultations, changeBus, clock }: EnterConsultationDeps,
  { caller }: Requester,
  { consultation, participant }: Pick<Waiting, 'consultation' | 'participant'>,
): Promise<boolean> {
  // A participant who has a place keeps it, without a write.
  if (participant.enteredAt !== undefined && participant.via === caller.id) return true
  if (!(await consultations.enter(consultation.id, participant, caller.id, clock()))) return false
  if (participant.enteredAt === undefined) changeBus.publish(consultation.id)
  return true
}

/** Records that a participant waits to be admitted, and notifies those who watch the consultation. */
export async function recordWaiting(
  deps: EnterConsultationDeps,
  requester: Requester,
  { consultation, participant, since }: Waiting,
): Promise<void> {
  const { userId, role } = participant
  const subject = { consultation: consultation.id, room: consultation.room, userId, role }
  await recordAction(deps, requester, 'token.issue', { outcome: 'waiting' }, subject)
  await deps.consultations.recordProgress(consultation.id, participant, { waitingSince: since })
  deps.changeBus.publish(consultation.id)
}

/** The answer to a participant who waits. */
export const toWaitingAnswer = ({ consultation, since }: Waiting): WaitingAnswer => ({
  state: 'waiting',
  since: toIso(since),
  consultationId: consultation.id,
})
