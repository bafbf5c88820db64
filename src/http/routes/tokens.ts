import { requesterOf, OnBehalfOf } from '../server/requester.ts'
import { TOKEN_RESPONSES, sendOutcome, type Outcome } from './token-answer.ts'
import { Type } from '@sinclair/typebox'
import type { TokenRequest } from '../../contract/tokens/token.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { listProblems } from '../server/route-problems.ts'

/** What the route needs: the guards and the use case. */
export type TokenRoute = RouteGuards & {
  /** @param isAborted whether the client has disconnected */
  issueToken: (requester: Requester, request: TokenRequest, isAborted: () => boolean) => Promise<Outcome>
}

export const TOKEN_PATH = '/api/jitsi/token'

const OWN_PROBLEMS = ['room-not-allowed', 'identity-mismatch', 'identity-incomplete'] as const

/** Adds `POST /api/jitsi/token`. */
export function addTokens(app: App, { identify, limitCaller, issueToken }: TokenRoute): void {
  app.post(
    TOKEN_PATH,
    {
      config: { signs: true, action: 'token.issue', problems: listProblems(['caller', 'body', 'entry'], OWN_PROBLEMS) },
      preParsing: [authenticate(identify, 'tokens:issue'), limitCaller],
      schema: {
        operationId: 'issueToken',
        summary: 'Issue a token for one user, one room and one role',
        description:
          'Requires the scope tokens:issue. The answer is sent after its entry is written to the audit record.',
        security: [{ apiKey: ['tokens:issue'] }, { signedInUser: [] }],
        headers: Type.Object({ 'x-on-behalf-of': Type.Optional(OnBehalfOf) }),
        body: Type.Unsafe<TokenRequest>(Type.Ref('TokenRequest')),
        response: TOKEN_RESPONSES,
      },
    },
    async (request, reply) => {
      const outcome = await issueToken(requesterOf(request), request.body, () => request.raw.socket.destroyed)
      return sendOutcome(request, reply, outcome)
    },
  )
}
