import { Type } from '@sinclair/typebox'
import { type MeetingConfig, MeetingConfigQuery } from '../../contract/meetings/meeting-config.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the route needs: the guards and the use case. */
export type MeetingConfigRoute = RouteGuards & {
  readMeetingConfig: (requester: Requester, query: MeetingConfigQuery) => Promise<MeetingConfig | Refusal>
}

/** Adds `GET /api/jitsi/meeting-config`. */
export function addMeetingConfig(app: App, { identify, limitCaller, readMeetingConfig }: MeetingConfigRoute): void {
  app.get(
    '/api/jitsi/meeting-config',
    {
      config: { problems: listProblems(['caller'], ['role-not-allowed']) },
      preParsing: [authenticate(identify, 'tokens:issue'), limitCaller],
      schema: {
        operationId: 'meetingConfig',
        summary: 'Read the meeting configuration of a role on a network',
        description:
          'Requires the scope tokens:issue, and a role that the caller may request. The configuration is the one in the field meeting of a token answer, for any network.',
        security: [{ apiKey: ['tokens:issue'] }, { signedInUser: [] }],
        querystring: MeetingConfigQuery,
        response: { 200: Type.Unsafe<MeetingConfig>(Type.Ref('MeetingConfig')) },
      },
    },
    async (request, reply) => {
      const config = await readMeetingConfig(requesterOf(request), request.query)
      return 'code' in config ? sendProblem(request, reply, config) : reply.send(config)
    },
  )
}
