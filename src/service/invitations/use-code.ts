import type { Origin } from '../../contract/audit/audit-entry.ts'
import { MAX_PARTICIPANTS } from '../../contract/consultations/consultation.ts'
import { MAX_WAITING_GUESTS, SECRET_BYTES } from '../../contract/invitation.ts'
import type { InvitationReason } from '../../contract/invitation-reason.ts'
import type { Refusal } from '../../contract/problem.ts'
import { waitsForAdmission } from '../../rules/consultations/admission.ts'
import type { Consultation } from '../../rules/consultations/consultation.ts'
import { callerOfInvitation, type Invitation, unusableReason } from '../../rules/invitations/invitation.ts'
import type { Invitee } from '../../rules/invitations/redemption.ts'
import type { Policy } from '../../rules/policy/policy.ts'
import { hashSecret } from '../../rules/secret.ts'
import { DONE, type RecordDeps, recordAction, refusalOutcome } from '../audit/record.ts'
import type { ChangeBus, ConsultationStore } from '../consultations/ports.ts'
import type { FailureRecorder, NewSecret } from '../ports.ts'
import type { Browser } from './bound-browser.ts'
import { auditSubjectOf, closedRefusal } from './invitations.ts'
import type { InvitationStore } from './ports.ts'

export type UseCodeDeps = RecordDeps & {
  policy: () => Policy
  consultations: Pick<ConsultationStore, 'findById'>
  invitations: Pick<InvitationStore, 'use' | 'findById'>
  changeBus: ChangeBus
  /** After how long a participant who is not seen no longer waits. */
  waitingTimeoutMs: number
  newSecret: NewSecret
}

/** An invitation, its consultation, and the participant whom it admits. */
export type Binding = { invitation: Invitation; consultation: Consultation; invitee: Invitee }

/** @returns the refusal of a code, with the reason why it does not work */
export const invalidInvitation = (invitationReason: InvitationReason): Refusal => ({
  code: 'invitation-invalid',
  invitationReason,
})

/** How the code is used. */
export type CodeUse = {
  /** The hash of the code that the browser presents. */
  codeHash: string
  /** The value of the browser's cookie, if it is bound to other consultations; otherwise it gets a new one. */
  secret: string | undefined
  /** The hash of the session that ends: the person changes the browser. */
  endsSession: string | undefined
}

/** How long a guest waits for a place in the waiting room: about as long as a moderator needs to admit somebody. */
const WAITING_ROOM_RETRY_MS = 30_000

/**
 * Uses the code of an invitation for a browser. The use is in the audit record, and counted in the store, before this
 * function returns; a refusal too.
 * @returns the value of the browser's cookie, and the id of the caller that the browser stands for; or `invitation-invalid`,
 *   `consultation-full`, `rate-limited` if too many guests of the invitation wait, `consultation-ended`,
 *   `consultation-cancelled`
 * @throws ServiceFault `record-unavailable`
 */
export async function useCode(
  deps: UseCodeDeps,
  origin: Origin,
  { invitation, consultation, invitee }: Binding,
  { codeHash, secret = deps.newSecret(SECRET_BYTES), endsSession }: CodeUse,
): Promise<{ secret: string; callerId: string } | Refusal> {
  const { participant, isNew } = invitee
  const { userId, role } = participant
  const about = { ...auditSubjectOf(invitation), userId, room: consultation.room }
  const requester = { ...origin, caller: callerOfInvitation(invitation) }
  const action = endsSession === undefined ? 'invitation.redeem' : 'invitation.move'
  const undoes = await recordAction(deps, requester, action, DONE, about)
  const at = deps.clock()
  const waiting = { most: MAX_WAITING_GUESTS, seenSince: at - deps.waitingTimeoutMs }
  const joins = waitsForAdmission(deps.policy(), consultation, role) ? { waiting } : {}
  const used = await deps.invitations.use(invitation, {
    codeHash,
    sessionHash: hashSecret(secret),
    userId,
    at,
    ...(endsSession === undefined ? {} : { endsSession }),
    ...(isNew ? { joins: { participant, most: MAX_PARTICIPANTS, ...joins } } : {}),
  })
  if (used !== 'used') {
    const refusal = await useRefusal(deps, invitation, used)
    return recordRefusedUse(deps, origin, refusal, invitation, undoes)
  }
  // A move ends the stream of the earlier browser at once.
  if (isNew || endsSession !== undefined) deps.changeBus.publish(consultation.id)
  return { secret, callerId: requester.caller.id }
}

/** Why the store did not count the use of an invitation. */
async function useRefusal(
  deps: Pick<UseCodeDeps, 'consultations' | 'invitations' | 'clock'>,
  { id, consultationId }: Invitation,
  outcome: 'dead' | 'full' | 'too-many-waiting' | 'closed',
): Promise<Refusal> {
  if (outcome === 'too-many-waiting') return { code: 'rate-limited', retryAfterMs: WAITING_ROOM_RETRY_MS }
  if (outcome === 'full') return { code: 'consultation-full' }
  if (outcome === 'closed') return closedRefusal(deps, consultationId)
  const invitation = await deps.invitations.findById(consultationId, id)
  // Neither used up nor revoked meanwhile: a new code replaced this one.
  return invalidInvitation((invitation && unusableReason(invitation, deps.clock())) ?? 'replaced')
}

/**
 * Records that the use of an invitation is refused.
 * @param undoes the position of the entry about the use, if one was recorded
 * @returns the refusal
 * @throws ServiceFault `record-unavailable`
 */
async function recordRefusedUse(
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

/**
 * Records that a redemption is refused.
 * @param invitation undefined if no invitation has the code
 * @returns the refusal
 * @throws ServiceFault `record-unavailable`
 */
export async function recordRefused(
  deps: RecordDeps & { failures: FailureRecorder },
  { origin, networks }: Browser,
  refusal: Refusal,
  invitation?: Invitation,
): Promise<Refusal> {
  if (invitation !== undefined) return recordRefusedUse(deps, origin, refusal, invitation)
  const outcome = refusalOutcome(refusal.code)
  const entry = { ...origin, time: deps.clock(), caller: '-', action: 'invitation.redeem', ...outcome } as const
  await deps.failures.record(entry, networks)
  return refusal
}
