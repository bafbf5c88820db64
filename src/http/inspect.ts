import { Type } from '@sinclair/typebox'
import type { Inspection, InspectRequest } from '../contract/inspection.ts'
import { PROBLEM_CODES } from '../contract/problem.ts'
import type { Asking } from '../service/issue-token.ts'
import type { App } from './app-type.ts'
import { authenticate, type Identify } from './caller.ts'
import type { limit } from './limits.ts'
import { askingOf } from './tokens.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type InspectRoute = {
  identify: Identify
  limitCaller: ReturnType<typeof limit>
  inspectToken: (asking: Asking, token: string) => Promise<Inspection>
}

const NEVER = new Set([
  'not-found',
  'method-not-allowed',
  'overloaded',
  'role-not-allowed',
  'room-not-allowed',
  'identity-mismatch',
  'identity-incomplete',
  'consultations-unavailable',
])

/** Adds `POST /api/jitsi/token/inspect`. */
export function addInspect(app: App, { identify, limitCaller, inspectToken }: InspectRoute): void {
  app.post(
    '/api/jitsi/token/inspect',
    {
      config: { problems: PROBLEM_CODES.filter((code) => !NEVER.has(code)) },
      preParsing: [authenticate(identify, 'tokens:inspect'), limitCaller],
      schema: {
        operationId: 'inspectToken',
        summary: 'Say why a token is refused',
        description: 'Needs the scope tokens:inspect. The token is not kept, not logged and sent nowhere.',
        tags: ['tokens'],
        security: [{ apiKey: ['tokens:inspect'] }],
        body: Type.Unsafe<InspectRequest>(Type.Ref('InspectRequest')),
        response: { 200: Type.Unsafe<Inspection>(Type.Ref('Inspection')) },
      },
    },
    (request) => inspectToken(askingOf(request), request.body.token),
  )
}
