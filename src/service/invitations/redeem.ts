import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Limits } from '../../rules/limits.ts'
import { checkAdmissionWindow } from '../../rules/consultations/admission.ts'
import { isForOnePerson, type Invitation, unusableReason } from '../../rules/invitations/invitation.ts'
import { hashSecret } from '../../rules/secret.ts'
import { checkChosenName, resolveInvitee } from '../../rules/invitations/redemption.ts'
import { type BoundBrowser, type BoundBrowserDeps, type Browser, toBoundBrowser } from './bound-browser.ts'
import { takeInvitationLimit } from './redemption-limit.ts'
import { refuseAction } from '../audit/record.ts'
import { countFailure } from '../login-failures.ts'
import type { BrowserSession } from './ports.ts'
import { chooseSession } from './choose-session.ts'
import { callerOfSession, findLiveSessions } from './sessions.ts'
import { type Binding, invalidInvitation, recordRefused, useCode } from './use-code.ts'
import type { IssueTokenDeps } from '../tokens/issue-token.ts'
import type { FailureRecorder, NewId, NewSecret } from '../ports.ts'

export type RedeemInvitationDeps = Omit<BoundBrowserDeps, 'limits' | 'metrics'> & {
  failures: FailureRecorder
  newId: NewId
  newSecret: NewSecret
  /** Whether a person may change the browser until the person has entered. */
  mayMove: boolean
  limits: Pick<Limits, 'perUser' | 'perRoom' | 'perInvitation' | 'failedLoginsPerMinute'>
  metrics: IssueTokenDeps['metrics'] & { countRedemption(outcome: 'new' | 'again' | 'moved' | 'refused'): void }
}

/**
 * Binds a browser to a consultation, by the code of an invitation or, if it is bound already, by its cookie alone. A bound
 * browser does not use an invitation up again. For any other browser the use is recorded, then counted in the store, before
 * the function returns; a use before the admission window opens is refused and not counted. Until the person has entered,
 * another browser can take over an invitation for one person, which ends the earlier session.
 * @param redemption a request that fits its schema
 * @returns the request that the browser may make, or a refusal, which is in the audit record by then: `invitation-invalid`
 *   with its reason, `no-visit` without a code and a session, `rate-limited`, `invalid-request`, `not-a-participant`,
 *   `role-not-allowed`, `consultation-ended`, `consultation-cancelled`, `consultation-full`, `too-early`, `too-late`
 * @throws ServiceFault `record-unavailable`
 */
export async function bindBrowser(
  deps: RedeemInvitationDeps,
  browser: Browser,
  redemption: RedeemRequest,
): Promise<BoundBrowser | Refusal> {
  const bound = await bind(deps, browser, redemption)
  deps.metrics.countRedemption('code' in bound ? 'refused' : bound.how)
  return 'code' in bound ? bound : bound.browser
}

type Bound = { browser: BoundBrowser; how: 'new' | 'again' | 'moved' }

async function bind(deps: RedeemInvitationDeps, browser: Browser, redemption: RedeemRequest): Promise<Bound | Refusal> {
  const sessions = await findLiveSessions(deps, browser.secret)
  const { code } = redemption
  if (code === undefined) {
    const session = chooseSession(sessions, redemption.consultationId)
    return 'code' in session ? recordRefused(deps, browser, session) : bindAgain(deps, browser, session, redemption)
  }
  const codeHash = hashSecret(code)
  const found = await deps.invitations.findByCode(codeHash)
  const session = sessions.find(({ invitation }) => invitation !== undefined && invitation.id === found?.invitation.id)
  if (session !== undefined) return bindAgain(deps, browser, session, redemption)
  const limited = await takeInvitationLimit(deps, codeHash)
  if (limited !== undefined) return recordRefused(deps, browser, limited, found?.invitation)
  if (found === undefined) {
    const refusal = await recordRefused(deps, browser, invalidInvitation('unknown'))
    return (await countFailure(deps, deps.limits.failedLoginsPerMinute, browser.networks, code)) ?? refusal
  }
  const { invitation, isCurrent } = found
  const reason = unusableReason(invitation, deps.clock()) ?? (isCurrent ? undefined : 'replaced')
  const moved = reason === 'used' && isCurrent ? await findMovable(deps, invitation) : undefined
  if (reason !== undefined && moved === undefined)
    return recordRefused(deps, browser, invalidInvitation(reason), invitation)
  const secret = sessions.length > 0 ? browser.secret : undefined
  return bindNew(deps, browser, redemption, { invitation, codeHash, moved, secret })
}

/** @returns the session that another browser of the same person may end */
async function findMovable(
  { mayMove, invitations }: RedeemInvitationDeps,
  invitation: Invitation,
): Promise<BrowserSession | undefined> {
  if (!mayMove || !isForOnePerson(invitation)) return undefined
  const [earliest] = await invitations.findMovableSessions(invitation.id)
  return earliest
}

/** Lets a bound browser in again. */
async function bindAgain(
  deps: RedeemInvitationDeps,
  browser: Browser,
  session: BrowserSession,
  redemption: RedeemRequest,
): Promise<Bound | Refusal> {
  const limited = await takeInvitationLimit(deps, session.sessionHash)
  if (limited !== undefined) return refuseSession(deps, browser, session, limited)
  const binding = await findBinding(deps, session, redemption, { userId: session.userId })
  if ('code' in binding) return refuseSession(deps, browser, session, binding)
  await deps.invitations.renewSession(session, deps.clock())
  const { consultation, invitee } = binding
  const secret = browser.secret ?? ''
  const place = { room: consultation.room, participant: invitee.participant }
  return { browser: await toBoundBrowser(deps, browser.origin, session, place, secret), how: 'again' }
}

/** Records that a bound browser is refused: as a refused redemption, or as a refused token request of a signed-in user. */
const refuseSession = (
  deps: RedeemInvitationDeps,
  browser: Browser,
  session: BrowserSession,
  refusal: Refusal,
): Promise<Refusal> =>
  session.invitation === undefined
    ? refuseAction(deps, { ...browser.origin, caller: callerOfSession(session) }, 'token.issue', refusal, {
        consultation: session.consultationId,
      })
    : recordRefused(deps, browser, refusal, session.invitation)

type NewUse = {
  invitation: Invitation
  codeHash: string
  /** The session that this use ends. */
  moved: BrowserSession | undefined
  /** The value of the browser's cookie, if it is bound to other consultations. */
  secret: string | undefined
}

/** Binds a browser that was not bound to this consultation. */
async function bindNew(
  deps: RedeemInvitationDeps,
  browser: Browser,
  redemption: RedeemRequest,
  { invitation, codeHash, moved, secret }: NewUse,
): Promise<Bound | Refusal> {
  const { consultationId, role } = invitation
  const person = moved === undefined ? { guestId: `guest-${deps.newId()}` } : { userId: moved.userId }
  const binding = await findBinding(deps, { consultationId, role, invitation }, redemption, person)
  if ('code' in binding) return recordRefused(deps, browser, binding, invitation)
  const early = checkAdmissionWindow(deps.policy(), binding.consultation, role, deps.clock())
  if (early !== undefined) return recordRefused(deps, browser, early, invitation)
  const use = { codeHash, secret, endsSession: moved?.sessionHash }
  const used = await useCode(deps, browser.origin, { ...binding, invitation }, use)
  if ('code' in used) return used
  const { consultation, invitee } = binding
  const place = { room: consultation.room, participant: invitee.participant }
  const session = { consultationId, role, callerId: used.callerId }
  const bound = await toBoundBrowser(deps, browser.origin, session, place, used.secret)
  return { browser: bound, how: moved === undefined ? 'new' : 'moved' }
}

/** Finds the consultation and the participant of a session or an invitation, and checks a self-chosen name. */
async function findBinding(
  deps: RedeemInvitationDeps,
  access: Pick<BrowserSession, 'consultationId' | 'role' | 'invitation'>,
  redemption: RedeemRequest,
  person: { userId: string } | { guestId: string },
): Promise<Omit<Binding, 'invitation'> | Refusal> {
  const { consultationId, role, invitation = {} } = access
  const { consultationId: expected = consultationId } = redemption
  if (expected !== consultationId) return OTHER_CONSULTATION
  const consultation = await deps.consultations.findById(consultationId)
  if (consultation === undefined) return invalidInvitation('unknown')
  const invited = { ...invitation, role }
  const invitee = resolveInvitee(deps.policy(), invited, consultation, redemption, person, deps.clock())
  if ('code' in invitee) return invitee
  const refused = invitee.choosesName
    ? checkChosenName(invitee, consultation, await deps.invitations.list(consultationId))
    : undefined
  return refused ?? { consultation, invitee }
}

const OTHER_CONSULTATION: Refusal = {
  code: 'invalid-request',
  errors: [{ pointer: '/consultationId', message: 'must be the consultation of the invitation' }],
}
