import { Type } from '@sinclair/typebox'
import { type MeetingConfig, MeetingConfigQuery } from '../contract/meeting-config.ts'
import { PROBLEM_CODES, type Refusal } from '../contract/problem.ts'
import type { Asking } from '../service/issue-token.ts'
import type { App } from './app-type.ts'
import { authenticate, type Identify } from './caller.ts'
import type { limit } from './limits.ts'
import { sendProblem } from './problems.ts'
import { askingOf } from './tokens.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type MeetingConfigRoute = {
  identify: Identify
  limitCaller: ReturnType<typeof limit>
  tellMeetingConfig: (asking: Asking, query: MeetingConfigQuery) => Promise<MeetingConfig | Refusal>
}

const CODES = new Set([
  ...['malformed-request', 'invalid-request', 'unauthenticated', 'step-up-required', 'scope-missing'],
  ...['role-not-allowed', 'rate-limited', 'headers-too-large', 'fault', 'record-unavailable'],
  ...['identity-provider-unavailable', 'shutting-down'],
])

/** Adds `GET /api/jitsi/meeting-config`. */
export function addMeetingConfig(app: App, { identify, limitCaller, tellMeetingConfig }: MeetingConfigRoute): void {
  app.get(
    '/api/jitsi/meeting-config',
    {
      config: { problems: PROBLEM_CODES.filter((code) => CODES.has(code)) },
      preParsing: [authenticate(identify, 'tokens:issue'), limitCaller],
      schema: {
        operationId: 'meetingConfig',
        summary: 'Tell how a meeting looks and sounds for a role on a network',
        description:
          'Needs the scope tokens:issue, and a role that the caller may ask for. It is what the answer to a token request holds in meeting, for any network.',
        tags: ['tokens'],
        security: [{ apiKey: ['tokens:issue'] }, { signedInUser: [] }],
        querystring: MeetingConfigQuery,
        response: { 200: Type.Unsafe<MeetingConfig>(Type.Ref('MeetingConfig')) },
      },
    },
    async (request, reply) => {
      const config = await tellMeetingConfig(askingOf(request), request.query)
      return 'code' in config ? sendProblem(request, reply, config) : reply.send(config)
    },
  )
}
