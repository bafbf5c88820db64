import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { type Consultation, nameInMeeting, type Participant } from '../consultations/consultation.ts'
import { checkAdmissionWindow } from '../consultations/admission.ts'
import type { Invitation } from './invitation.ts'
import type { Policy } from '../policy/policy.ts'
import { displayName } from '../person.ts'
import { isNameAmong } from '../same-name.ts'

/** The participant whom an invitation admits. */
export type Invitee = {
  participant: Participant & { name: string }
  /** Whether the participant is new to the consultation: a guest. */
  isNew: boolean
  /** Whether the name is that of the request. */
  choosesName: boolean
}

/** The user of a browser that was bound before, or the id for a new guest. */
export type Browser = { userId: string } | { guestId: string }

/**
 * Finds the participant whom a valid invitation admits. The name of the invitation takes precedence over that of the
 * participant, and both over that of the request. A guest with the name of the request is marked as self-named.
 * @param now epoch milliseconds
 * @returns the participant, even before the admission window opens; or `consultation-cancelled`, `consultation-ended`,
 *   `too-late`, `not-a-participant` if the participant was removed, `role-not-allowed` if the participant has another role,
 *   `invalid-request` if there is no name
 */
export function resolveInvitee(
  policy: Policy,
  invitation: Pick<Invitation, 'role' | 'name' | 'userId'>,
  consultation: Consultation,
  { displayName: given }: Pick<RedeemRequest, 'displayName'>,
  browser: Browser,
  now: number,
): Invitee | Refusal {
  const { role } = invitation
  const closed = checkAdmissionWindow(policy, consultation, role, now)
  if (closed !== undefined && closed.code !== 'too-early') return closed
  const userId = 'userId' in browser ? browser.userId : invitation.userId
  const known = consultation.participants.find((each) => each.userId === userId)
  if (userId !== undefined && known === undefined) return { code: 'not-a-participant' }
  if (known !== undefined && known.role !== role) return { code: 'role-not-allowed' }
  const knownName = invitation.name ?? known?.name
  const name = knownName ?? (given === undefined ? undefined : displayName(given))
  const choosesName = knownName === undefined
  if (name === undefined) return chosenNameError('is missing')
  if (known !== undefined) return { participant: { ...known, name }, isNew: false, choosesName }
  const guestId = 'guestId' in browser ? browser.guestId : browser.userId
  const guest = { userId: guestId, role, name, ...(choosesName ? { selfNamed: true } : {}), since: now }
  return { participant: guest, isNew: true, choosesName }
}

/** The maximum number of characters of a self-chosen name: the mark before it needs the others. */
const MAX_SELF_CHOSEN_CHARACTERS = 120

/**
 * Checks a name that a person chose. It must not be the name of somebody else who takes part or is invited; guests may have
 * the same self-chosen name.
 * @param invitations all invitations of the consultation
 * @returns undefined, or `invalid-request`
 */
export function checkChosenName(
  { participant }: Invitee,
  { participants }: Consultation,
  invitations: readonly Invitation[],
): Refusal | undefined {
  const { userId, name } = participant
  const others = [
    ...participants.filter(({ selfNamed }) => selfNamed !== true),
    ...invitations.filter(({ revokedAt }) => revokedAt === undefined),
  ]
  const names = others.flatMap((other) => (other.userId === userId ? [] : (other.name ?? [])))
  if (isNameAmong(name, names))
    return chosenNameError('must not be the name of another participant; choose another name')
  const isLong = displayName(nameInMeeting(participant) ?? name) === undefined
  return isLong ? chosenNameError(`must have at most ${MAX_SELF_CHOSEN_CHARACTERS} characters`) : undefined
}

const chosenNameError = (message: string): Refusal => ({
  code: 'invalid-request',
  errors: [{ pointer: '/displayName', message }],
})
