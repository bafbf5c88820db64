import type { Origin } from '../../contract/audit/audit-entry.ts'
import { SECRET_BYTES } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Visit, VisitList } from '../../contract/visit.ts'
import type { Limits } from '../../rules/limits.ts'
import { hashSecret } from '../../rules/secret.ts'
import { areDraftsOpen } from '../../rules/visits/draft-keys.ts'
import { toVisit } from '../../rules/visits/visit.ts'
import { DONE, recordAction, refusalOutcome, refuseAction } from '../audit/record.ts'
import { findConsultation, type FindConsultationDeps } from '../consultations/find.ts'
import type { Consultation } from '../consultations/ports.ts'
import { type Browser, type CookieDeps, cookieLifetimeMs } from '../invitations/bound-browser.ts'
import type { BrowserSession, InvitationStore } from '../invitations/ports.ts'
import { takeInvitationLimit } from '../invitations/redemption-limit.ts'
import { areSessionsOver, callerOfSession, findLiveSessions } from '../invitations/sessions.ts'
import type { FailureRecorder, NewSecret, RateLimiter, RevocationIndex } from '../ports.ts'
import type { Requester } from '../requester.ts'

/** The setting `DRAFT_KEY`, and how long after the end of a consultation its keys can be read, in milliseconds. */
export type DraftOptions = { key: string; keepMs: number }

export type VisitDeps = FindConsultationDeps &
  CookieDeps & {
    invitations: InvitationStore
    limiter: RateLimiter
    limits: Pick<Limits, 'perInvitation'>
    failures: FailureRecorder
    revoked: RevocationIndex
    newSecret: NewSecret
    drafts: DraftOptions | undefined
  }

/**
 * Records that a browser is refused that no session identifies.
 * @returns the refusal; by default `no-visit`
 * @throws ServiceFault `record-unavailable`
 */
export async function refuseUnbound(
  { clock, failures }: Pick<VisitDeps, 'clock' | 'failures'>,
  { origin, networks }: Pick<Browser, 'origin' | 'networks'>,
  refusal: Refusal = { code: 'no-visit' },
): Promise<Refusal> {
  const outcome = refusalOutcome(refusal.code)
  await failures.record({ ...origin, time: clock(), caller: '-', action: 'consultation.read', ...outcome }, networks)
  return refusal
}

/**
 * Lists the visits of a browser, each of which is in the audit record before this function returns.
 * @returns by their start; or `no-visit` if there is none, `rate-limited`
 * @throws ServiceFault `record-unavailable`
 */
export async function listVisits(deps: VisitDeps, browser: Browser): Promise<VisitList | Refusal> {
  const { secret, origin } = browser
  if (secret === undefined) return refuseUnbound(deps, browser)
  const limited = await takeInvitationLimit(deps, hashSecret(secret))
  if (limited !== undefined) return refuseUnbound(deps, browser, limited)
  const sessions = latestOfEach(await findLiveSessions(deps, secret))
  const found = await Promise.all(sessions.map((session) => findListed(deps, session)))
  const visits = found.filter((each) => each !== undefined)
  if (visits.length === 0) return refuseUnbound(deps, browser)
  await Promise.all(visits.map(({ session, visit }) => recordRead(deps, origin, session, visit)))
  return { visits: visits.map(({ visit }) => visit).toSorted(byStart) }
}

/** @returns the sessions without earlier ones of the same consultation */
const latestOfEach = (sessions: readonly BrowserSession[]): BrowserSession[] =>
  [...Map.groupBy(sessions, ({ consultationId }) => consultationId).values()].flatMap(([latest]) => latest ?? [])

const byStart = (a: Visit, b: Visit): number =>
  a.startsAt === b.startsAt ? a.consultationId.localeCompare(b.consultationId) : a.startsAt.localeCompare(b.startsAt)

const recordRead = (deps: VisitDeps, origin: Origin, session: BrowserSession, { consultationId }: Visit) =>
  recordAction(deps, { ...origin, caller: callerOfSession(session) }, 'consultation.read', DONE, {
    consultation: consultationId,
  })

async function findListed(deps: VisitDeps, session: BrowserSession) {
  const consultation = await deps.consultations.findById(session.consultationId)
  const visit = consultation && toVisit(consultation, deps.policy(), session, deps.clock())
  if (visit === undefined || !isListed(deps, consultation, visit)) return undefined
  return { session, visit }
}

/** Whether the session of a visit is good for anything: until one day after the admission window, or as long as drafts can be read. */
function isListed({ policy, clock, drafts }: VisitDeps, consultation: Consultation | undefined, visit: Visit): boolean {
  if (consultation === undefined) return false
  const { window } = policy()
  const now = clock()
  if (!areSessionsOver(consultation, window, now)) return true
  if (drafts === undefined || !visit.moderator) return false
  return areDraftsOpen(consultation, visit.userId, window, drafts.keepMs, now)
}

/** A browser that was bound to a visit: its cookie, and how long it lives, in milliseconds. */
export type BoundUser = { visit: Visit; secret: string; lifetimeMs: number }

/**
 * Binds a browser to the consultation of a signed-in user, so that the cookie is its credential from then on. After the end,
 * a moderator can still be bound to read the key of the drafts.
 * @param secret the value of the browser's cookie, if it has one
 * @returns the visit; or `consultation-not-found`, `revoked`, `consultation-ended`, `consultation-cancelled`
 * @throws ServiceFault `record-unavailable`
 */
export async function bindUser(
  deps: VisitDeps,
  requester: Requester,
  secret: string | undefined,
  consultationId: string,
): Promise<BoundUser | Refusal> {
  const action = 'visit.bind'
  const found = await findConsultation(deps, requester, action, consultationId, 'participant')
  if ('code' in found) return found
  const { consultation } = found
  const { id: callerId, user } = requester.caller
  const now = deps.clock()
  const participant = consultation.participants.find(({ userId }) => userId === user?.id)
  const visit = participant && toVisit(consultation, deps.policy(), participant, now)
  if (visit === undefined) return refuseAction(deps, requester, action, { code: 'consultation-not-found' })
  const { userId, role } = visit
  const about = { consultation: consultationId, room: consultation.room, userId, role }
  const isRevoked = await deps.revoked.isRevoked({ room: consultation.room, userId })
  const refusal = isRevoked ? REVOKED : isListed(deps, consultation, visit) ? undefined : overRefusal(visit)
  if (refusal !== undefined) return refuseAction(deps, requester, action, refusal, about)
  await recordAction(deps, requester, action, DONE, about)
  const isKnown = (await findLiveSessions(deps, secret)).length > 0
  const kept = secret !== undefined && isKnown ? secret : deps.newSecret(SECRET_BYTES)
  await deps.consultations.nameParticipant(consultationId, { userId, name: user?.name })
  await deps.invitations.bindUser({
    sessionHash: hashSecret(kept),
    consultationId,
    callerId,
    userId,
    role,
    boundAt: now,
  })
  const name = visit.name ?? user?.name
  return {
    visit: { ...visit, ...(name === undefined ? {} : { name }) },
    secret: kept,
    lifetimeMs: await cookieLifetimeMs(deps, kept),
  }
}

const REVOKED: Refusal = { code: 'revoked' }

const overRefusal = ({ state }: Visit): Refusal => ({
  code: state === 'cancelled' ? 'consultation-cancelled' : 'consultation-ended',
})
