import type { Config } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'
import { addCalendar } from '../http/routes/calendar.ts'
import type { RouteGuards } from '../http/server/authenticate.ts'
import { addEvents } from '../http/routes/consultation-events.ts'
import { addConsultations } from '../http/routes/consultations.ts'
import { addFinishRoutes } from '../http/routes/finish-consultation.ts'
import { addInvitations } from '../http/routes/invitations.ts'
import { addRedemption } from '../http/routes/redeem-invitation.ts'
import { type BrowserCookie, createBrowserCookie } from '../http/routes/browser-cookie.ts'
import { addDuringVisit } from '../http/routes/during-visit.ts'
import { addVisits } from '../http/routes/visits.ts'
import { createBrowserAuthentication, createVisitorAuthentication, type VisitorGuards } from '../http/routes/visitor.ts'
import { addWaitingRoom } from '../http/routes/waiting-room.ts'
import { createOriginCheck } from '../rules/origins.ts'
import type { Deps } from './compose.ts'
import { addKick } from '../http/routes/kick.ts'
import { addRenewals } from '../http/routes/renewals.ts'
import { addRevocations } from '../http/routes/revocations.ts'
import { kick } from '../service/consultations/kick.ts'
import { renewToken } from '../service/tokens/renew-token.ts'
import { liftRevocation, listRevocations, revoke } from '../service/revocations/revocations.ts'
import { changeConsultation } from '../service/consultations/change.ts'
import { finishConsultation } from '../service/consultations/finish.ts'
import { listConsultations, readAppointment, readConsultation } from '../service/consultations/read.ts'
import { createConsultation } from '../service/consultations/create.ts'
import { notify } from '../service/consultations/notify.ts'
import { recordConsent } from '../service/visits/consent.ts'
import { deleteDraftKey, readDraftKeys } from '../service/visits/drafts.ts'
import { bindUser, listVisits, refuseUnbound } from '../service/visits/visits.ts'
import { type BoundVisit, callerOfSession, findBoundVisit, findVisit } from '../service/invitations/sessions.ts'
import { enterAsBrowser } from '../service/invitations/bound-browser.ts'
import { createInvitation } from '../service/invitations/create.ts'
import { listInvitations } from '../service/invitations/invitations.ts'
import { resendInvitation } from '../service/invitations/resend.ts'
import { revokeInvitation } from '../service/invitations/revoke.ts'
import { bindBrowser } from '../service/invitations/redeem.ts'
import { admitParticipant, listWaiting } from '../service/consultations/waiting-room.ts'
import { isStillValid } from '../service/authenticate.ts'
import { watchConsultation } from '../service/consultations/watch.ts'

/** Adds the routes of consultations, invitations, renewals and revocations. */
export async function addConsultationRoutes(app: App, config: Config, deps: Deps, guards: RouteGuards): Promise<void> {
  // In a scope of their own: the cookie plugin adds a cost to every response, and no other route uses cookies.
  await app.register(async (scope: App) => addAll(scope, config, deps, guards))
}

/** Creates the check of the origins whose pages may call the API with the cookie. */
export const createOriginCheckOf = ({ CORS_ORIGINS, NODE_ENV }: Config) =>
  createOriginCheck(CORS_ORIGINS, NODE_ENV === 'development')

async function addAll(app: App, config: Config, deps: Deps, routeGuards: RouteGuards): Promise<void> {
  // A browser stores a Secure cookie only over https, which a page on localhost does not have during development.
  const secure = config.NODE_ENV === 'production'
  const cookie = await createBrowserCookie(app, { isListed: createOriginCheckOf(config), secure })
  const findVisitor = (secret: string, id: string) => findVisit(deps, secret, id).then(toVisitor)
  const authenticateVisitor = createVisitorAuthentication({
    ...routeGuards,
    cookie,
    findVisitor,
    refuseUnbound: (browser) => refuseUnbound(deps, browser),
  })
  const guards: VisitorGuards = { ...routeGuards, authenticateVisitor }
  addConsultations(app, {
    ...guards,
    create: (requester, request, idempotencyKey) => createConsultation(deps, requester, request, idempotencyKey),
    read: (requester, id) => readConsultation(deps, requester, id),
    list: (requester, query) => listConsultations(deps, requester, query),
    change: (requester, id, versions, change) => changeConsultation(deps, requester, id, versions, change),
  })
  addFinishRoutes(app, { ...guards, finish: (requester, id, how) => finishConsultation(deps, requester, id, how) })
  addWaitingRoom(app, {
    ...guards,
    listWaiting: (requester, id) => listWaiting(deps, requester, id),
    admit: (requester, id, userId) => admitParticipant(deps, requester, id, userId),
  })
  addCalendar(app, {
    ...guards,
    publicUrl: config.PUBLIC_URL,
    readAppointment: (requester, id) => readAppointment(deps, requester, id),
  })
  addEvents(app, {
    ...guards,
    cookie,
    isStillBound: async (secret, id) => (await findVisitor(secret, id)) !== undefined,
    heartbeatSeconds: config.EVENTS_HEARTBEAT_SECONDS,
    reportOpenStreams: (open) => deps.metrics.setOpenStreams(open),
    isStillValid: (credential, scopes) => isStillValid(deps, credential, scopes),
    watch: (requester, id, listener, isAuthorized) => watchConsultation(deps, requester, id, listener, isAuthorized),
  })
  addInvitationRoutes(app, deps, guards, cookie)
  addVisitRoutes(app, deps, guards, cookie)
  addRenewals(app, {
    renewToken: (token, isAborted) => renewToken(deps, deps.limits.failedLoginsPerMinute, token, isAborted),
  })
  addRevocationRoutes(app, deps, guards)
}

/** Adds the routes for participants without an account. */
function addInvitationRoutes(app: App, deps: Deps, guards: VisitorGuards, cookie: BrowserCookie): void {
  addInvitations(app, {
    ...guards,
    create: (requester, consultationId, request, key) =>
      createInvitation(deps, requester, consultationId, request, key),
    list: (requester, consultationId) => listInvitations(deps, requester, consultationId),
    revoke: (requester, consultationId, id) => revokeInvitation(deps, requester, consultationId, id),
    resend: (requester, consultationId, id) => resendInvitation(deps, requester, consultationId, id),
  })
  addRedemption(app, {
    cookie,
    bind: (browser, redemption) => bindBrowser(deps, browser, redemption),
    enter: (bound, isAborted) => enterAsBrowser(deps, bound, isAborted),
  })
}

const toVisitor = (visit: BoundVisit | undefined) => (visit === undefined ? undefined : callerOfSession(visit.session))

/** Adds the routes of browsers that are bound to consultations. */
function addVisitRoutes(app: App, deps: Deps, guards: VisitorGuards, cookie: BrowserCookie): void {
  const authenticateBy = (find: typeof findVisit) =>
    createBrowserAuthentication({
      cookie,
      findVisitor: (secret, id) => find(deps, secret, id).then(toVisitor),
      refuseUnbound: (browser) => refuseUnbound(deps, browser),
    })
  addVisits(app, {
    ...guards,
    cookie,
    list: (browser) => listVisits(deps, browser),
    bindUser: (requester, secret, consultationId) => bindUser(deps, requester, secret, consultationId),
    bind: (browser, consultationId, { displayName }) =>
      bindBrowser(deps, browser, { consultationId, ...(displayName === undefined ? {} : { displayName }) }),
    enter: (bound, { network }, isAborted) => enterAsBrowser(deps, bound, isAborted, network),
  })
  addDuringVisit(app, {
    ...guards,
    authenticateBrowser: authenticateBy(findVisit),
    authenticateForDrafts: authenticateBy(findBoundVisit),
    readDraftKeys: (requester, id) => readDraftKeys(deps, requester, id),
    deleteDraftKey: (requester, id) => deleteDraftKey(deps, requester, id),
    recordConsent: (requester, id, consent) => recordConsent(deps, requester, id, consent),
    notify: (requester, id, code) => notify(deps, requester, id, code),
  })
}

/** Adds the routes that take access away. */
function addRevocationRoutes(app: App, deps: Deps, guards: VisitorGuards): void {
  addRevocations(app, {
    ...guards,
    revoke: (requester, request) => revoke(deps, requester, request),
    list: (requester, query) => listRevocations(deps, requester, query),
    lift: (requester, id) => liftRevocation(deps, requester, id),
  })
  addKick(app, { ...guards, kick: (requester, id, participantId) => kick(deps, requester, id, participantId) })
}
