import type { Config } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'
import { addCalendar } from '../http/routes/calendar.ts'
import type { Door } from '../http/server/authenticate.ts'
import { addEvents } from '../http/routes/consultation-events.ts'
import { addConsultations } from '../http/routes/consultations.ts'
import { addFinishes } from '../http/routes/finish-consultation.ts'
import { addInvitations } from '../http/routes/invitations.ts'
import { addRedemption } from '../http/routes/redeem-invitation.ts'
import { type VisitCookie, visitCookie } from '../http/routes/invitation-cookie.ts'
import { addWaitingRoom } from '../http/routes/waiting-room.ts'
import type { Parts } from './compose.ts'
import { addKick } from '../http/routes/kick.ts'
import { addRenewals } from '../http/routes/renewals.ts'
import { addRevocations } from '../http/routes/revocations.ts'
import { kick } from '../service/consultations/kick.ts'
import { renewToken } from '../service/tokens/renew-token.ts'
import { liftRevocation, listRevocations, revoke } from '../service/revocations/revocations.ts'
import {
  changeConsultation,
  finishConsultation,
  listConsultations,
  readAppointment,
  readConsultation,
} from '../service/consultations/consultations.ts'
import { createConsultation } from '../service/consultations/create.ts'
import { visitorOf } from '../service/invitations/sessions.ts'
import {
  createInvitation,
  listInvitations,
  resendInvitation,
  revokeInvitation,
} from '../service/invitations/invitations.ts'
import { bindBrowser, enterBound } from '../service/invitations/redeem.ts'
import { admit, listWaiting } from '../service/consultations/waiting-room.ts'
import { watchConsultation } from '../service/consultations/watch.ts'

/** Adds all that is about consultations. */
export async function addVisits(app: App, config: Config, parts: Parts, door: Door): Promise<void> {
  // In a scope of their own: no other route needs what a cookie costs each answer.
  await app.register(async (scope: App) => addAll(scope, config, parts, door))
}

async function addAll(app: App, config: Config, parts: Parts, door: Door): Promise<void> {
  // Outside production a page on localhost has no https, without which a browser keeps no Secure cookie.
  const cookie = await visitCookie(app, config.NODE_ENV === 'production')
  addConsultations(app, {
    ...door,
    create: (asking, request, idempotencyKey) => createConsultation(parts, asking, request, idempotencyKey),
    read: (asking, id) => readConsultation(parts, asking, id),
    list: (asking, query) => listConsultations(parts, asking, query),
    change: (asking, id, version, change) => changeConsultation(parts, asking, id, version, change),
  })
  addFinishes(app, { ...door, finish: (asking, id, how) => finishConsultation(parts, asking, id, how) })
  addWaitingRoom(app, {
    ...door,
    listWaiting: (asking, id) => listWaiting(parts, asking, id),
    admit: (asking, id, userId) => admit(parts, asking, id, userId),
  })
  addCalendar(app, {
    ...door,
    publicUrl: config.PUBLIC_URL,
    appointment: (asking, id) => readAppointment(parts, asking, id),
  })
  addEvents(app, {
    ...door,
    cookie,
    visitorOf: (secret, id) => visitorOf(parts, secret, id),
    heartbeatSeconds: config.EVENTS_HEARTBEAT_SECONDS,
    streams: (open) => parts.metrics.streams(open),
    watch: (asking, id, listener) => watchConsultation(parts, asking, id, listener),
  })
  addVisitors(app, parts, door, cookie)
  addRenewals(app, { renewToken: (token, gone) => renewToken(parts, config.RATE_LIMIT_FAILED_LOGINS, token, gone) })
  addRevoking(app, parts, door)
}

/** Whoever comes without an account. */
function addVisitors(app: App, parts: Parts, door: Door, cookie: VisitCookie): void {
  addInvitations(app, {
    ...door,
    create: (asking, consultationId, request) => createInvitation(parts, asking, consultationId, request),
    list: (asking, consultationId) => listInvitations(parts, asking, consultationId),
    revoke: (asking, consultationId, id) => revokeInvitation(parts, asking, consultationId, id),
    resend: (asking, consultationId, id) => resendInvitation(parts, asking, consultationId, id),
  })
  addRedemption(app, {
    cookie,
    bind: (visitor, redemption) => bindBrowser(parts, visitor, redemption),
    enter: (bound, gone) => enterBound(parts, bound, gone),
  })
}

/** What puts people out. */
function addRevoking(app: App, parts: Parts, door: Door): void {
  addRevocations(app, {
    ...door,
    revoke: (asking, request) => revoke(parts, asking, request),
    list: (asking, query) => listRevocations(parts, asking, query),
    lift: (asking, id) => liftRevocation(parts, asking, id),
  })
  addKick(app, { ...door, kick: (asking, id, participantId) => kick(parts, asking, id, participantId) })
}
