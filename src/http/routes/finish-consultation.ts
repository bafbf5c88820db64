import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import {
  consultationResponse,
  byScope,
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
        'Requires the scope consultations:write, or a signed-in moderator. No further tokens are issued for it.',
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
export type FinishRoutes = RouteGuards & {
  finish(requester: Requester, id: string, how: 'end' | 'cancel'): Promise<ConsultationAnswer | Refusal>
}

/** Adds `POST /api/jitsi/consultations/{id}/end` and `…/cancel`. */
export function addFinishRoutes(app: App, routes: FinishRoutes): void {
  for (const how of ['end', 'cancel'] as const) addFinish(app, routes, how)
}

function addFinish(app: App, { identify, limitCaller, finish }: FinishRoutes, how: 'end' | 'cancel'): void {
  const conflict = how === 'end' ? 'consultation-cancelled' : 'consultation-ended'
  app.post(
    `${CONSULTATIONS_PATH}/:id/${how}`,
    {
      config: {
        action: FINISH[how].action,
        problems: listProblems(['caller'], ['consultation-not-found', 'role-not-allowed', conflict]),
      },
      preParsing: [authenticate(identify, 'consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        ...FINISH[how].schema,
        ...byScope('consultations:write'),
        params: ConsultationPath,
        response: consultationResponse(200, 'The finished consultation'),
      },
    },
    async (request, reply) =>
      sendConsultation(request, reply, await finish(requesterOf(request), request.params.id, how)),
  )
}
