import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate } from '../server/authenticate.ts'
import type { VisitorGuards } from './visitor.ts'
import {
  consultationResponse,
  byScope,
  byScopeOrCookie,
  ConsultationPath,
  CONSULTATIONS_PATH,
  sendConsultation,
} from './consultation-schema.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

const FINISH = {
  end: {
    action: 'consultation.end',
    schema: {
      operationId: 'endConsultation',
      summary: 'End a consultation',
      description:
        'Requires the scope consultations:write, a signed-in moderator, or the cookie of one. No further tokens are issued for it.',
    },
  },
  cancel: {
    action: 'consultation.cancel',
    schema: {
      operationId: 'cancelConsultation',
      summary: 'Cancel a consultation',
      description: 'Requires the scope consultations:write, or a signed-in moderator. No tokens are issued for it.',
    },
  },
} as const

/** What the routes need: the guards and the use case. */
export type FinishRoutes = VisitorGuards & {
  finish(requester: Requester, id: string, how: 'end' | 'cancel'): Promise<ConsultationAnswer | Refusal>
}

/** Adds `POST /api/jitsi/consultations/{id}/end` and `…/cancel`. */
export function addFinishRoutes(app: App, routes: FinishRoutes): void {
  for (const how of ['end', 'cancel'] as const) addFinish(app, routes, how)
}

function addFinish(app: App, routes: FinishRoutes, how: 'end' | 'cancel'): void {
  const { identify, authenticateVisitor, limitCaller, finish } = routes
  const scopes = ['consultations:write', 'consultations:attend'] as const
  // Who came by a link may end the consultation, but not cancel it.
  const guard = how === 'end' ? authenticateVisitor(...scopes) : authenticate(identify, ...scopes)
  const conflict = how === 'end' ? 'consultation-cancelled' : 'consultation-ended'
  app.post(
    `${CONSULTATIONS_PATH}/:id/${how}`,
    {
      config: {
        action: FINISH[how].action,
        problems: listProblems(
          [how === 'end' ? 'visitor' : 'caller'],
          ['consultation-not-found', 'role-not-allowed', conflict],
        ),
      },
      preParsing: [guard, limitCaller],
      schema: {
        ...FINISH[how].schema,
        ...(how === 'end' ? byScopeOrCookie : byScope)('consultations:write'),
        params: ConsultationPath,
        response: consultationResponse(200, 'The finished consultation'),
      },
    },
    async (request, reply) =>
      sendConsultation(request, reply, await finish(requesterOf(request), request.params.id, how)),
  )
}
