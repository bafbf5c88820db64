import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { Redemption } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { BoundBrowser, RedeemingBrowser } from '../../service/invitations/redeem.ts'
import { networkOf } from '../server/client-address.ts'
import type { App } from '../server/app-type.ts'
import { CONSULTATION_TAG } from './consultation-schema.ts'
import { originOf } from '../server/request-origin.ts'
import { listProblems } from '../server/route-problems.ts'
import { type Outcome, sendOutcome, TOKEN_RESPONSES } from './token-answer.ts'
import type { InvitationCookie } from './invitation-cookie.ts'

/** What the route needs: the cookie, and the verbs. */
export type RedeemRoute = {
  cookie: InvitationCookie
  bind(visitor: RedeemingBrowser, redemption: Redemption): Promise<BoundBrowser | Refusal>
  /** @param isAborted tells whether the client went away */
  enter(bound: BoundBrowser, isAborted: () => boolean): Promise<Outcome>
}

const HEADERS = {
  'set-cookie': { type: 'string', description: 'what this browser is known by; httpOnly, SameSite=Strict, Secure' },
}

const described = (description: string, schema: object) => ({
  description,
  headers: HEADERS,
  content: { 'application/json': { schema } },
})

/** Adds `POST /api/jitsi/invitations/redeem`. Whoever has the code needs no other credential. */
export function addRedemption(app: App, { cookie, bind, enter }: RedeemRoute): void {
  app.post(
    '/api/jitsi/invitations/redeem',
    {
      config: {
        signs: true,
        action: 'invitation.redeem',
        problems: listProblems(['body', 'entry'], ['invitation-invalid']),
      },
      schema: {
        operationId: 'redeemInvitation',
        summary: 'Enter by an invitation',
        description:
          'Needs no credential but the code. The first answer binds this browser to the invitation by a cookie: asking again, as one who waits does, uses nothing up. Answers as a token request does.',
        ...CONSULTATION_TAG,
        security: [],
        body: Type.Unsafe<Redemption>(Type.Ref('Redemption')),
        response: {
          200: described('The token', TOKEN_RESPONSES[200]),
          202: described('Somebody has to admit this person first', TOKEN_RESPONSES[202]),
        },
      },
    },
    async (request, reply): Promise<FastifyReply> => {
      const visitor = { origin: originOf(request), network: networkOf(request.ip), secret: cookie.read(request) }
      const bound = await bind(visitor, request.body)
      if ('code' in bound) return sendOutcome(request, reply, bound)
      // Whatever comes now, the use is marked: the browser has to be known the next time.
      cookie.set(reply, bound.secret, bound.lifetimeMs)
      return sendOutcome(request, reply, await enter(bound, () => request.raw.socket.destroyed))
    },
  )
}
