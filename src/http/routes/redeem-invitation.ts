import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { RedeemRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { BoundBrowser, Browser } from '../../service/invitations/bound-browser.ts'
import type { App } from '../server/app-type.ts'
import { listProblems } from '../server/route-problems.ts'
import { type Outcome, sendOutcome, TOKEN_RESPONSES } from './token-answer.ts'
import type { BrowserCookie } from './browser-cookie.ts'
import { browserOf } from './visitor.ts'

/** What the route needs: the cookie and the use cases. */
export type RedeemRoute = {
  cookie: BrowserCookie
  bind(browser: Browser, redemption: RedeemRequest): Promise<BoundBrowser | Refusal>
  /** @param isAborted whether the client has disconnected */
  enter(bound: BoundBrowser, isAborted: () => boolean): Promise<Outcome>
}

/** The header of an answer that sets the cookie. */
const HEADERS = {
  'set-cookie': {
    type: 'string',
    description:
      'identifies this browser; HttpOnly, Secure, SameSite=Strict; for a listed page of another site SameSite=None and Partitioned',
  },
}

/** @returns the response of a route that sets the cookie */
export const cookieResponse = (description: string, schema: object) => ({
  description,
  headers: HEADERS,
  content: { 'application/json': { schema } },
})

/** Adds `POST /api/jitsi/invitations/redeem`. The code is the only credential. */
export function addRedemption(app: App, { cookie, bind, enter }: RedeemRoute): void {
  app.post(
    '/api/jitsi/invitations/redeem',
    {
      config: {
        signs: true,
        action: 'invitation.redeem',
        problems: listProblems(['body', 'entry'], ['invitation-invalid', 'no-visit', 'origin-not-allowed']),
      },
      schema: {
        operationId: 'redeemInvitation',
        summary: 'Redeem an invitation',
        description:
          'The code is the only credential. The first answer binds the browser to the consultation by a cookie; further requests of this browser need no code and do not use up the invitation. A code that is refused as too early is not used. Until the person has entered, a single-use code also works in another browser, which ends the earlier session. Otherwise answers like a token request.',
        security: [],
        body: Type.Unsafe<RedeemRequest>(Type.Ref('RedeemRequest')),
        response: {
          200: cookieResponse('The token', TOKEN_RESPONSES[200]),
          202: cookieResponse('A moderator has to admit the participant first', TOKEN_RESPONSES[202]),
        },
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      cookie.checkOrigin(request)
      const bound = await bind(browserOf(cookie, request), request.body)
      if ('code' in bound) return sendOutcome(request, reply, bound)
      // The invitation is used from here on, so the browser needs the cookie even if no token follows.
      cookie.set(request, reply, bound.secret, bound.lifetimeMs)
      return sendOutcome(request, reply, await enter(bound, () => request.raw.socket.destroyed))
    },
  )
}
