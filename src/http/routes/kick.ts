import { Type } from '@sinclair/typebox'
import type { KickRequest } from '../../contract/consultations/kick.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import type { VisitorGuards } from './visitor.ts'
import { byScopeOrCookie, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the route needs: the guards and the use case. */
export type KickRoute = VisitorGuards & {
  kick(requester: Requester, id: string, participantId: string): Promise<Refusal | undefined>
}

/** Adds `POST /api/jitsi/consultations/{id}/kick`. */
export function addKick(app: App, { authenticateVisitor, limitCaller, kick }: KickRoute): void {
  const own = ['consultation-not-found', 'role-not-allowed', 'conference-off', 'conference-unavailable'] as const
  app.post(
    `${CONSULTATIONS_PATH}/:id/kick`,
    {
      config: { action: 'conference.kick', problems: listProblems(['visitor', 'body'], own) },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'kick',
        summary: 'Remove a participant from the running meeting',
        description:
          'Requires the scope consultations:write, or a signed-in moderator, and the setting JAAS_MANAGEMENT. The participant can join again until the token expires; revoke the access so that no further token is issued.',
        ...byScopeOrCookie('consultations:write'),
        params: ConsultationPath,
        body: Type.Unsafe<KickRequest>(Type.Ref('KickRequest')),
        response: { 204: Type.Null({ description: 'Jitsi confirmed the removal' }) },
      },
    },
    async (request, reply) => {
      const refusal = await kick(requesterOf(request), request.params.id, request.body.participantId)
      return refusal === undefined ? reply.code(204).send(null) : sendProblem(request, reply, refusal)
    },
  )
}
