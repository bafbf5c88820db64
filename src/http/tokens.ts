import { Type } from '@sinclair/typebox'
import type { TokenAnswer, TokenRequest } from '../contract/token.ts'
import type { Asking } from '../service/issue-token.ts'
import { PROBLEM_CODES, type Refusal } from '../contract/problem.ts'
import type { CallerDirectory } from '../service/ports.ts'
import type { App } from './app-type.ts'
import { authenticate, callerOfRequest } from './caller.ts'
import type { limit } from './limits.ts'
import { sendProblem } from './problems.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type TokenRoute = {
  callers: CallerDirectory
  limitCaller: Awaited<ReturnType<typeof limit>>
  issueToken: (asking: Asking, request: TokenRequest) => Promise<TokenAnswer | Refusal>
}

/** Adds `POST /api/jitsi/token`. */
export function addTokens(app: App, { callers, limitCaller, issueToken }: TokenRoute): void {
  app.post(
    '/api/jitsi/token',
    {
      config: { problems: PROBLEM_CODES.filter((code) => code !== 'not-found' && code !== 'method-not-allowed') },
      preParsing: [authenticate(callers, 'tokens:issue'), limitCaller],
      schema: {
        operationId: 'issueToken',
        summary: 'Issue a token for one person, one room and one role',
        description: 'Needs the scope tokens:issue. The answer leaves once its entry is in the audit record.',
        tags: ['tokens'],
        security: [{ apiKey: [] }],
        body: Type.Unsafe<TokenRequest>(Type.Ref('TokenRequest')),
        response: { 200: Type.Unsafe<TokenAnswer>(Type.Ref('TokenAnswer')) },
      },
    },
    async (request, reply) => {
      const asking = { caller: callerOfRequest(request), requestId: request.id }
      const outcome = await issueToken(asking, request.body)
      return 'code' in outcome ? sendProblem(request, reply, outcome) : reply.send(outcome)
    },
  )
}
