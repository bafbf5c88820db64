import { Type } from '@sinclair/typebox'
import type { Inspection, InspectRequest } from '../../contract/tokens/inspection.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the route needs: the guards and the use case. */
export type InspectRoute = RouteGuards & {
  inspectToken: (requester: Requester, request: InspectRequest) => Promise<Inspection>
}

/** Adds `POST /api/jitsi/token/inspect`. */
export function addInspect(app: App, { identify, limitCaller, inspectToken }: InspectRoute): void {
  app.post(
    '/api/jitsi/token/inspect',
    {
      config: { action: 'token.inspect', problems: listProblems(['caller', 'body']) },
      preParsing: [authenticate(identify, 'tokens:inspect'), limitCaller],
      schema: {
        operationId: 'inspectToken',
        summary: 'Explain why Jitsi would refuse a token',
        description: 'Requires the scope tokens:inspect. The token is not stored, not logged and not sent anywhere.',
        security: [{ apiKey: ['tokens:inspect'] }],
        body: Type.Unsafe<InspectRequest>(Type.Ref('InspectRequest')),
        response: { 200: Type.Unsafe<Inspection>(Type.Ref('Inspection')) },
      },
    },
    (request) => inspectToken(requesterOf(request), request.body),
  )
}
