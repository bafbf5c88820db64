import type { Origin } from '../../contract/audit/audit-entry.ts'
import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import { MAX_WAITING_GUESTS, SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { waitsForAdmission } from '../../rules/consultations/admission.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { callerOfInvitation, type Invitation } from '../../rules/invitations/invitation.ts'
import type { Invitee } from '../../rules/invitations/redemption.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { hashSecret } from '../../rules/secret.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import type { NewSecret } from '../ports.ts'
import { auditSubjectOf, closedRefusal } from './invitations.ts'
import type { InvitationStore } from './ports.ts'

export type UseCodeDeps = RecordDeps & {
  policy: () => Policy
  consultations: Pick<ConsultationStore, 'findById'>
  invitations: Pick<InvitationStore, 'use'>
  changeBus: ChangeBus
  newSecret: NewSecret
}

/** An invitation, its consultation, and the participant whom it admits. */
export type Binding = { invitation: Invitation; consultation: Consultation; invitee: Invitee }

export const INVALID_INVITATION: Refusal = { code: 'invitation-invalid' }

/** How long a guest waits for a place in the waiting room: about as long as a moderator needs to admit somebody. */
const WAITING_ROOM_RETRY_MS = 30_000

/**
 * Uses the code of an invitation for a browser. The use is in the audit record, and counted in the store, before this
 * function returns; a refusal too.
 * @param codeHash the hash of the code that the browser presents
 * @returns the value of the browser's cookie; or `invitation-invalid`, `consultation-full`, `rate-limited` if too many guests
 *   of the invitation wait, `consultation-ended`, `consultation-cancelled`
 * @throws ServiceFault `record-unavailable`
 */
export async function useCode(
  deps: UseCodeDeps,
  origin: Origin,
  binding: Binding,
  codeHash: string,
): Promise<{ secret: string } | Refusal> {
  const { invitation, consultation, invitee } = binding
  const { participant, isNew } = invitee
  const { userId, role } = participant
  const secret = deps.newSecret(SECRET_BYTES)
  const about = { ...auditSubjectOf(invitation), userId, room: consultation.room }
  const requester = { ...origin, caller: callerOfInvitation(invitation) }
  const undoes = await recordAction(deps, requester, 'invitation.redeem', DONE, about)
  const mostWaiting = waitsForAdmission(deps.policy(), consultation, role) ? { mostWaiting: MAX_WAITING_GUESTS } : {}
  const used = await deps.invitations.use(invitation, {
    codeHash,
    sessionHash: hashSecret(secret),
    userId,
    at: deps.clock(),
    ...(isNew ? { joins: { participant, most: MAX_PARTICIPANTS, ...mostWaiting } } : {}),
  })
  if (used !== 'used') {
    const refusal = await useRefusal(deps, consultation.id, used)
    return recordRefusedUse(deps, origin, refusal, invitation, undoes)
  }
  if (isNew) deps.changeBus.publish(consultation.id)
  return { secret }
}

/** Why the store did not count the use of an invitation. */
async function useRefusal(
  deps: Pick<UseCodeDeps, 'consultations'>,
  consultationId: string,
  outcome: 'dead' | 'full' | 'too-many-waiting' | 'closed',
): Promise<Refusal> {
  if (outcome === 'dead') return INVALID_INVITATION
  if (outcome === 'too-many-waiting') return { code: 'rate-limited', retryAfterMs: WAITING_ROOM_RETRY_MS }
  return outcome === 'full' ? { code: 'consultation-full' } : closedRefusal(deps, consultationId)
}

/**
 * Records that the use of an invitation is refused.
 * @param undoes the position of the entry about the use, if one was recorded
 * @returns the refusal
 * @throws ServiceFault `record-unavailable`
 */
export async function recordRefusedUse(
  deps: RecordDeps,
  origin: Origin,
  refusal: Refusal,
  invitation: Invitation,
  undoes?: string,
): Promise<Refusal> {
  const about = { ...auditSubjectOf(invitation), ...(undoes === undefined ? {} : { undoes }) }
  const requester = { ...origin, caller: callerOfInvitation(invitation) }
  await recordAction(deps, requester, 'invitation.redeem', refusalOutcome(refusal.code), about)
  return refusal
}
