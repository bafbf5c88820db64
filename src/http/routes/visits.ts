import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { Refusal } from '../../contract/problem.ts'
import type { Visit, VisitList, VisitRequest, VisitTokenRequest } from '../../contract/visit.ts'
import type { BoundBrowser, Browser } from '../../service/invitations/bound-browser.ts'
import type { Requester } from '../../service/requester.ts'
import type { BoundUser } from '../../service/visits/visits.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { sendProblem } from '../server/problems.ts'
import { requesterOf } from '../server/requester.ts'
import { listProblems } from '../server/route-problems.ts'
import type { BrowserCookie } from './browser-cookie.ts'
import { ConsultationPath } from './consultation-schema.ts'
import { cookieResponse } from './redeem-invitation.ts'
import { type Outcome, sendOutcome, TOKEN_RESPONSES } from './token-answer.ts'
import { browserOf } from './visitor.ts'

/** What the routes need: the guards, the cookie and the use cases. */
export type VisitRoutes = RouteGuards & {
  cookie: BrowserCookie
  list(browser: Browser): Promise<VisitList | Refusal>
  bindUser(requester: Requester, secret: string | undefined, consultationId: string): Promise<BoundUser | Refusal>
  bind(browser: Browser, consultationId: string, request: VisitTokenRequest): Promise<BoundBrowser | Refusal>
  /** @param isAborted whether the client has disconnected */
  enter(bound: BoundBrowser, request: VisitTokenRequest, isAborted: () => boolean): Promise<Outcome>
}

export const VISITS_PATH = '/api/jitsi/visits'

/** The credential of a route that accepts the cookie only. */
export const BY_COOKIE = { security: [{ visit: [] }] }

/** Adds the routes of the visits of a browser. */
export function addVisits(app: App, routes: VisitRoutes): void {
  addList(app, routes)
  addBind(app, routes)
  addToken(app, routes)
}

function addList(app: App, { cookie, list }: VisitRoutes): void {
  app.get(
    VISITS_PATH,
    {
      config: { action: 'consultation.read', problems: listProblems(['browser']) },
      schema: {
        operationId: 'listVisits',
        summary: 'List the visits of this browser',
        description:
          'The consultations that this browser is bound to, until a day after their admission window closes; for a moderator as long as the key of the drafts can be read.',
        ...BY_COOKIE,
        response: { 200: Type.Unsafe<VisitList>(Type.Ref('VisitList')) },
      },
    },
    async (request, reply) => {
      cookie.checkOrigin(request)
      const visits = await list(browserOf(cookie, request))
      return 'code' in visits ? sendProblem(request, reply, visits) : reply.send(visits)
    },
  )
}

function addBind(app: App, { identify, limitCaller, cookie, bindUser }: VisitRoutes): void {
  const own = ['consultation-not-found', 'consultation-ended', 'consultation-cancelled', 'revoked'] as const
  app.post(
    VISITS_PATH,
    {
      config: { action: 'visit.bind', problems: listProblems(['caller', 'body'], [...own, 'origin-not-allowed']) },
      preParsing: [authenticate(identify, 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'bindVisit',
        summary: 'Bind this browser to a consultation of the signed-in user',
        description:
          'The cookie of the answer is the credential of this browser from then on, for this consultation only. A moderator can also bind after the end, to read the key of the drafts.',
        security: [{ signedInUser: [] }],
        body: Type.Unsafe<VisitRequest>(Type.Ref('VisitRequest')),
        response: { 200: cookieResponse('The visit', Type.Unsafe<Visit>(Type.Ref('Visit'))) },
      },
    },
    async (request, reply) => {
      cookie.checkOrigin(request)
      const bound = await bindUser(requesterOf(request), cookie.read(request), request.body.consultationId)
      if ('code' in bound) return sendProblem(request, reply, bound)
      cookie.set(request, reply, bound.secret, bound.lifetimeMs)
      return reply.send(bound.visit)
    },
  )
}

function addToken(app: App, { cookie, bind, enter }: VisitRoutes): void {
  app.post(
    `${VISITS_PATH}/:id/token`,
    {
      config: {
        signs: true,
        action: 'token.issue',
        problems: listProblems(['browser', 'body', 'entry'], ['invitation-invalid']),
      },
      schema: {
        operationId: 'issueVisitToken',
        summary: 'Issue a token for a visit of this browser',
        description: 'Answers like a token request. The meeting configuration is the one for the network.',
        ...BY_COOKIE,
        params: ConsultationPath,
        body: Type.Unsafe<VisitTokenRequest>(Type.Ref('VisitTokenRequest')),
        response: {
          200: cookieResponse('The token', TOKEN_RESPONSES[200]),
          202: cookieResponse('A moderator has to admit the participant first', TOKEN_RESPONSES[202]),
        },
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      cookie.checkOrigin(request)
      const bound = await bind(browserOf(cookie, request), request.params.id, request.body)
      if ('code' in bound) return sendOutcome(request, reply, bound)
      cookie.set(request, reply, bound.secret, bound.lifetimeMs)
      return sendOutcome(request, reply, await enter(bound, request.body, () => request.raw.socket.destroyed))
    },
  )
}
