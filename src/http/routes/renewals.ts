import { Type } from '@sinclair/typebox'
import type { RenewRequest } from '../../contract/tokens/renewal.ts'
import type { PresentedToken } from '../../service/tokens/renew-token.ts'
import { failureNetworksOf } from '../../rules/client-network.ts'
import type { App } from '../server/app-type.ts'
import { INVALID_TOKEN } from '../server/authenticate.ts'
import { originOf } from '../server/request-origin.ts'
import { listProblems } from '../server/route-problems.ts'
import { TOKEN_PATH } from './tokens.ts'
import { type Outcome, sendOutcome, TOKEN_RESPONSES } from './token-answer.ts'

/** What the route needs: the use case. There are no guards, because the token is the credential. */
export type RenewRoute = {
  /** @param isAborted whether the client has disconnected */
  renewToken(presented: PresentedToken, isAborted: () => boolean): Promise<Outcome>
}

/** Adds `POST /api/jitsi/token/renew`. */
export function addRenewals(app: App, { renewToken }: RenewRoute): void {
  app.post(
    `${TOKEN_PATH}/renew`,
    {
      config: {
        signs: true,
        action: 'token.renew',
        problems: listProblems(['body', 'entry'], ['token-not-renewable']),
      },
      schema: {
        operationId: 'renewToken',
        summary: 'Renew a token',
        description:
          'The token is the credential: a token of this service for the room of a consultation, valid or expired at most 10 minutes ago. All checks run again. The new token is for the same user and room, with the current role, with at most the lifetime of the old one, and can be renewed too. If an answer is lost, renew the same token again.',
        security: [],
        body: Type.Unsafe<RenewRequest>(Type.Ref('RenewRequest')),
        response: TOKEN_RESPONSES,
      },
    },
    async (request, reply) => {
      const presented = {
        token: request.body.token,
        networks: failureNetworksOf(request.clientAddress),
        origin: originOf(request),
      }
      const outcome = await renewToken(presented, () => request.raw.socket.destroyed)
      if ('code' in outcome && outcome.code === 'token-not-renewable') reply.header('www-authenticate', INVALID_TOKEN)
      return sendOutcome(request, reply, outcome)
    },
  )
}
