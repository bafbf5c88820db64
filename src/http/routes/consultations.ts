import {
  CONSULTATIONS_PATH,
  ConsultationPath,
  byScope,
  byScopeOrCookie,
  consultationResponse,
  IdempotencyHeaders,
  markReplay,
  sendConsultation,
} from './consultation-schema.ts'
import { Type } from '@sinclair/typebox'
import {
  type ConsultationAnswer,
  type ConsultationPage,
  ConsultationQuery,
} from '../../contract/consultations/consultation-answer.ts'
import type { ConsultationChange, ConsultationRequest } from '../../contract/consultations/consultation.ts'
import type { Refusal } from '../../contract/problem.ts'
import { parseIfMatch } from '../../rules/consultations/if-match.ts'
import type { Created } from '../../service/consultations/idempotency.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate } from '../server/authenticate.ts'
import type { VisitorGuards } from './visitor.ts'
import { publishLinks } from '../server/base-path.ts'
import { HttpProblem, sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

type Answer = Promise<ConsultationAnswer | Refusal>

/** What the routes need: the guards and the use cases. */
export type ConsultationRoutes = VisitorGuards & {
  create(
    requester: Requester,
    request: ConsultationRequest,
    idempotencyKey: string | undefined,
  ): Promise<Created<ConsultationAnswer> | Refusal>
  read(requester: Requester, id: string): Answer
  list(requester: Requester, query: ConsultationQuery): Promise<ConsultationPage | Refusal>
  change(requester: Requester, id: string, versions: readonly number[], change: ConsultationChange): Answer
}

/** Adds the routes that create, read, list and change consultations. */
export function addConsultations(app: App, routes: ConsultationRoutes): void {
  addCreate(app, routes)
  addReads(app, routes)
  addChange(app, routes)
}

function addCreate(app: App, { identify, limitCaller, create }: ConsultationRoutes): void {
  app.post(
    CONSULTATIONS_PATH,
    {
      config: {
        action: 'consultation.create',
        problems: listProblems(['caller', 'body'], ['role-not-allowed', 'room-taken', 'idempotency-key-reused']),
      },
      preParsing: [authenticate(identify, 'consultations:write'), limitCaller],
      schema: {
        operationId: 'createConsultation',
        summary: 'Create a consultation',
        description:
          'Requires the scope consultations:write. Creates a room, its participants with their roles, and the time of the appointment.',
        security: [{ apiKey: ['consultations:write'] }],
        headers: IdempotencyHeaders,
        body: Type.Unsafe<ConsultationRequest>(Type.Ref('ConsultationRequest')),
        response: consultationResponse(201, 'The consultation'),
      },
    },
    async (request, reply) => {
      const created = await create(requesterOf(request), request.body, request.headers['idempotency-key'])
      if ('code' in created) return sendProblem(request, reply, created)
      return sendConsultation(request, markReplay(reply, created.isReplay), created.answer, 201)
    },
  )
}

function addReads(app: App, { identify, authenticateVisitor, limitCaller, read, list }: ConsultationRoutes): void {
  const scopes = ['consultations:read', 'consultations:attend'] as const
  app.get(
    `${CONSULTATIONS_PATH}/:id`,
    {
      config: { action: 'consultation.read', problems: listProblems(['visitor'], ['consultation-not-found']) },
      preParsing: [authenticateVisitor(...scopes), limitCaller],
      schema: {
        operationId: 'readConsultation',
        summary: 'Read a consultation',
        description: 'Requires the scope consultations:read, a signed-in participant, or the cookie of one.',
        ...byScopeOrCookie('consultations:read'),
        params: ConsultationPath,
        response: consultationResponse(200, 'The consultation'),
      },
    },
    async (request, reply) => sendConsultation(request, reply, await read(requesterOf(request), request.params.id)),
  )
  app.get(
    CONSULTATIONS_PATH,
    {
      config: { action: 'consultation.read', problems: listProblems(['caller']) },
      preParsing: [authenticate(identify, ...scopes), limitCaller],
      schema: {
        operationId: 'listConsultations',
        summary: 'List consultations',
        description:
          'Requires the scope consultations:read, or a signed-in user, for the consultations in which the user participates. Sorted by start time.',
        ...byScope('consultations:read'),
        querystring: ConsultationQuery,
        response: { 200: Type.Unsafe<ConsultationPage>(Type.Ref('ConsultationPage')) },
      },
    },
    async (request, reply) => {
      const page = await list(requesterOf(request), request.query)
      if ('code' in page) return sendProblem(request, reply, page)
      const { basePath } = request.server
      return reply.send({ ...page, consultations: page.consultations.map((each) => publishLinks(each, basePath)) })
    },
  )
}

function addChange(app: App, { authenticateVisitor, limitCaller, change }: ConsultationRoutes): void {
  const own = ['consultation-not-found', 'role-not-allowed', 'consultation-ended', 'consultation-cancelled'] as const
  app.patch(
    `${CONSULTATIONS_PATH}/:id`,
    {
      config: {
        action: 'consultation.change',
        problems: listProblems(['visitor', 'body'], [...own, 'version-conflict', 'version-required']),
      },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'changeConsultation',
        summary: 'Reschedule a consultation or change its participants',
        description:
          'Requires the scope consultations:write; a signed-in moderator, or the cookie of one, can change endsAt only. A removed participant gets no further token.',
        ...byScopeOrCookie('consultations:write'),
        params: ConsultationPath,
        headers: Type.Object({
          'if-match': Type.Optional(
            Type.String({ description: 'the ETag of the consultation, with its quotes; a weak one is accepted' }),
          ),
        }),
        body: Type.Unsafe<ConsultationChange>(Type.Ref('ConsultationChange')),
        response: consultationResponse(200, 'The changed consultation'),
      },
    },
    async (request, reply) => {
      const versions = parseIfMatch(request.headers['if-match'])
      if ('code' in versions) throw new HttpProblem(versions)
      const answer = await change(requesterOf(request), request.params.id, versions, request.body)
      return sendConsultation(request, reply, answer)
    },
  )
}
