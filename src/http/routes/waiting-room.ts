import { Type } from '@sinclair/typebox'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { AdmitRequest, WaitingList } from '../../contract/consultations/waiting-room.ts'
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
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the routes need: the guards and the use cases. */
export type WaitingRoomRoutes = RouteGuards & {
  listWaiting(requester: Requester, id: string): Promise<WaitingList | Refusal>
  admit(requester: Requester, id: string, userId: string): Promise<ConsultationAnswer | Refusal>
}

/** Adds `GET /api/jitsi/consultations/{id}/waiting` and `POST …/admit`. */
export function addWaitingRoom(app: App, { identify, limitCaller, listWaiting, admit }: WaitingRoomRoutes): void {
  const preParsing = [authenticate(identify, 'consultations:write', 'consultations:attend'), limitCaller]
  const schema = { ...byScope('consultations:write'), params: ConsultationPath }
  const own = ['consultation-not-found', 'role-not-allowed'] as const
  app.get(
    `${CONSULTATIONS_PATH}/:id/waiting`,
    {
      config: { action: 'consultation.read', problems: listProblems(['caller'], own) },
      preParsing,
      schema: {
        operationId: 'listWaiting',
        summary: 'List the participants who wait for admission',
        description: 'Requires the scope consultations:write, or a signed-in moderator.',
        ...schema,
        response: { 200: Type.Unsafe<WaitingList>(Type.Ref('WaitingList')) },
      },
    },
    async (request, reply) => {
      const list = await listWaiting(requesterOf(request), request.params.id)
      return 'code' in list ? sendProblem(request, reply, list) : reply.send(list)
    },
  )
  app.post(
    `${CONSULTATIONS_PATH}/:id/admit`,
    {
      config: {
        action: 'consultation.admit',
        problems: listProblems(['caller', 'body'], [...own, 'consultation-ended', 'consultation-cancelled']),
      },
      preParsing,
      schema: {
        operationId: 'admit',
        summary: 'Admit a participant from the waiting room',
        description:
          'Requires the scope consultations:write, or a signed-in moderator. Event streams report the admission at once.',
        ...schema,
        body: Type.Unsafe<AdmitRequest>(Type.Ref('AdmitRequest')),
        response: consultationResponse(200, 'The consultation after the admission'),
      },
    },
    async (request, reply) =>
      sendConsultation(request, reply, await admit(requesterOf(request), request.params.id, request.body.userId)),
  )
}
