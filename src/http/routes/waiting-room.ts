import { Type } from '@sinclair/typebox'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { AdmitRequest, WaitingList } from '../../contract/consultations/waiting-room.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import type { VisitorGuards } from './visitor.ts'
import {
  consultationResponse,
  byScopeOrCookie,
  ConsultationPath,
  CONSULTATIONS_PATH,
  sendConsultation,
} from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the routes need: the guards and the use cases. */
export type WaitingRoomRoutes = VisitorGuards & {
  listWaiting(requester: Requester, id: string): Promise<WaitingList | Refusal>
  admit(requester: Requester, id: string, userId: string): Promise<ConsultationAnswer | Refusal>
}

const SCOPES = ['consultations:write', 'consultations:attend'] as const
const SCHEMA = { ...byScopeOrCookie('consultations:write'), params: ConsultationPath }
const OWN_PROBLEMS = ['consultation-not-found', 'role-not-allowed'] as const

/** Adds `GET /api/jitsi/consultations/{id}/waiting` and `POST …/admit`. */
export function addWaitingRoom(app: App, routes: WaitingRoomRoutes): void {
  addList(app, routes)
  addAdmit(app, routes)
}

function addList(app: App, { authenticateVisitor, limitCaller, listWaiting }: WaitingRoomRoutes): void {
  app.get(
    `${CONSULTATIONS_PATH}/:id/waiting`,
    {
      config: { action: 'consultation.read', problems: listProblems(['visitor'], OWN_PROBLEMS) },
      preParsing: [authenticateVisitor(...SCOPES), limitCaller],
      schema: {
        operationId: 'listWaiting',
        summary: 'List the participants who wait for admission',
        description: 'Requires the scope consultations:write, a signed-in moderator, or the cookie of one.',
        ...SCHEMA,
        response: { 200: Type.Unsafe<WaitingList>(Type.Ref('WaitingList')) },
      },
    },
    async (request, reply) => {
      const list = await listWaiting(requesterOf(request), request.params.id)
      return 'code' in list ? sendProblem(request, reply, list) : reply.send(list)
    },
  )
}

function addAdmit(app: App, { authenticateVisitor, limitCaller, admit }: WaitingRoomRoutes): void {
  app.post(
    `${CONSULTATIONS_PATH}/:id/admit`,
    {
      config: {
        action: 'consultation.admit',
        problems: listProblems(['visitor', 'body'], [...OWN_PROBLEMS, 'consultation-ended', 'consultation-cancelled']),
      },
      preParsing: [authenticateVisitor(...SCOPES), limitCaller],
      schema: {
        operationId: 'admit',
        summary: 'Admit a participant from the waiting room',
        description:
          'Requires the scope consultations:write, a signed-in moderator, or the cookie of one. Event streams report the admission at once.',
        ...SCHEMA,
        body: Type.Unsafe<AdmitRequest>(Type.Ref('AdmitRequest')),
        response: consultationResponse(200, 'The consultation after the admission'),
      },
    },
    async (request, reply) =>
      sendConsultation(request, reply, await admit(requesterOf(request), request.params.id, request.body.userId)),
  )
}
