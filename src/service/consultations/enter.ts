import type { Refusal } from '../../contract/problem.ts'
import type { TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { type Admission, admission, type Waiter } from '../../rules/consultations/admission.ts'
import { isoOf } from '../../rules/time.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { decide } from '../../rules/tokens/decide.ts'
import { type EntryParts, keep } from '../audit/record.ts'
import type { Asking } from '../requester.ts'
import type { Bell, ConsultationStore } from './ports.ts'
import type { Revoked } from '../ports.ts'

/** What entering a consultation needs. */
export type EnteringParts = EntryParts & {
  policy: () => Policy
  consultations: ConsultationStore
  bell: Bell
  revoked: Revoked
}

/** What became of it, and of which consultation. */
export type Entered = { consultation?: Consultation | undefined; outcome: Admission | Waiter | Refusal }

/**
 * Lets somebody into a consultation, or to its waiting room; who waits stands in the record by then.
 * @returns the admission, who waits, or a refusal: what `admission` and `decide` refuse, `revoked`, `consultation-full`
 * @throws ServiceFault `record-unavailable`
 */
export async function enter(parts: EnteringParts, asking: Asking, request: TokenRequest): Promise<Entered> {
  const { consultation, outcome } = await decideNow(parts, asking, request)
  if ('code' in outcome || consultation === undefined) return { consultation, outcome }
  if ('since' in outcome) {
    if (outcome.participant.waitingSince === undefined) await wait(parts, asking, outcome)
    return { consultation, outcome }
  }
  const { participant } = outcome
  // Whoever was inside before comes back without a question to the store.
  if (participant.enteredAt !== undefined && participant.via === asking.caller.id) return { consultation, outcome }
  if (await parts.consultations.enter(consultation.id, participant, asking.caller.id, parts.clock())) {
    if (participant.enteredAt === undefined) parts.bell.ring(consultation.id)
    return { consultation, outcome }
  }
  const again = await decideNow(parts, asking, request)
  if (!('secondsLeft' in again.outcome)) return again
  // Whoever takes part anew since has not been asked for a place yet.
  if (again.outcome.participant.since !== participant.since) return enter(parts, asking, request)
  return { consultation, outcome: { code: 'consultation-full' } }
}

async function decideNow(
  { policy, clock, consultations, revoked }: EnteringParts,
  { caller }: Asking,
  request: TokenRequest,
): Promise<Entered> {
  const room = request.roomId
  const consultation = await consultations.byRoom(room)
  const outcome = admission(policy(), caller, request, consultation, clock())
  if ('code' in outcome) return { consultation, outcome }
  // Who is refused the token, or revoked, neither waits nor takes a place.
  const decision = decide(policy(), caller, request, { secondsLeft: 0, ...outcome })
  if ('code' in decision) return { consultation, outcome: decision }
  const isRevoked = await revoked.bars({ room, userId: outcome.participant.userId })
  return { consultation, outcome: isRevoked ? { code: 'revoked' } : outcome }
}

async function wait(parts: EnteringParts, asking: Asking, { consultation, participant, since }: Waiter): Promise<void> {
  const about = { consultation: consultation.id, room: consultation.room }
  const { userId, role } = participant
  await keep(parts, asking, 'token.issue', { outcome: 'waiting' }, { ...about, userId, role })
  await parts.consultations.reach(consultation.id, participant, { waitingSince: since })
  parts.bell.ring(consultation.id)
}

/** What somebody who waits is told. */
export const waitingAnswer = ({ consultation, since }: Waiter): WaitingAnswer => ({
  state: 'waiting',
  since: isoOf(since),
  consultationId: consultation.id,
})
