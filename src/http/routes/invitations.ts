import { Type } from '@sinclair/typebox'
import type { InvitationAnswer, InvitationList, InvitationRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Created } from '../../service/consultations/idempotency.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import type { VisitorGuards } from './visitor.ts'
import {
  byScopeOrCookie,
  ConsultationPath,
  CONSULTATIONS_PATH,
  IdempotencyHeaders,
  markReplay,
  REPLAYED,
} from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

type Answer = Promise<InvitationAnswer | Refusal>

/** What the routes need: the guards and the use cases. */
export type InvitationRoutes = VisitorGuards & {
  create(
    requester: Requester,
    consultationId: string,
    request: InvitationRequest,
    idempotencyKey: string | undefined,
  ): Promise<Created<InvitationAnswer> | Refusal>
  list(requester: Requester, consultationId: string): Promise<InvitationList | Refusal>
  revoke(requester: Requester, consultationId: string, id: string): Answer
  resend(requester: Requester, consultationId: string, id: string): Answer
}

const PATH = `${CONSULTATIONS_PATH}/:id/invitations`

const InvitationPath = Type.Object({
  ...ConsultationPath.properties,
  invitationId: Type.String({ ...ConsultationPath.properties.id, description: 'the id of the invitation' }),
})

const INVITATION = Type.Unsafe<InvitationAnswer>(Type.Ref('Invitation'))
const ACCESS_PROBLEMS = ['consultation-not-found', 'role-not-allowed'] as const
const FINISHED_PROBLEMS = ['consultation-ended', 'consultation-cancelled'] as const
const REQUIRES_WRITE = 'Requires the scope consultations:write, a signed-in moderator, or the cookie of one.'

/** Adds the routes that create, list, revoke and resend invitations. */
export function addInvitations(app: App, routes: InvitationRoutes): void {
  addCreate(app, routes)
  addList(app, routes)
  addRevoke(app, routes)
  addResend(app, routes)
}

function addCreate(app: App, { authenticateVisitor, limitCaller, create }: InvitationRoutes): void {
  app.post(
    PATH,
    {
      config: {
        action: 'invitation.create',
        problems: listProblems(
          ['visitor', 'body'],
          [...ACCESS_PROBLEMS, ...FINISHED_PROBLEMS, 'too-many-invitations', 'idempotency-key-reused'],
        ),
      },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'createInvitation',
        summary: 'Create an invitation to a consultation',
        description: `${REQUIRES_WRITE} A user can only invite into roles that do not moderate. The code appears only in this answer, and in its repetition with the same Idempotency-Key.`,
        ...byScopeOrCookie('consultations:write'),
        params: ConsultationPath,
        headers: IdempotencyHeaders,
        body: Type.Unsafe<InvitationRequest>(Type.Ref('InvitationRequest')),
        response: {
          201: {
            description: 'The invitation',
            headers: REPLAYED,
            content: { 'application/json': { schema: INVITATION } },
          },
        },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const created = await create(requesterOf(request), request.params.id, request.body, key)
      if ('code' in created) return sendProblem(request, reply, created)
      return markReplay(reply, created.isReplay).code(201).send(created.answer)
    },
  )
}

function addList(app: App, { authenticateVisitor, limitCaller, list }: InvitationRoutes): void {
  app.get(
    PATH,
    {
      config: { action: 'consultation.read', problems: listProblems(['visitor'], ACCESS_PROBLEMS) },
      preParsing: [authenticateVisitor('consultations:read', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'listInvitations',
        summary: 'List the invitations of a consultation',
        description:
          'Requires the scope consultations:read, a signed-in moderator, or the cookie of one. The list contains no codes.',
        ...byScopeOrCookie('consultations:read'),
        params: ConsultationPath,
        response: { 200: Type.Unsafe<InvitationList>(Type.Ref('InvitationList')) },
      },
    },
    async (request, reply) => {
      const answer = await list(requesterOf(request), request.params.id)
      return 'code' in answer ? sendProblem(request, reply, answer) : reply.send(answer)
    },
  )
}

function addRevoke(app: App, { authenticateVisitor, limitCaller, revoke }: InvitationRoutes): void {
  app.delete(
    `${PATH}/:invitationId`,
    {
      config: {
        action: 'invitation.revoke',
        problems: listProblems(['visitor'], [...ACCESS_PROBLEMS, 'invitation-not-found']),
      },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: `${REQUIRES_WRITE} The code stops working, and its participants get no further token.`,
        ...byScopeOrCookie('consultations:write'),
        params: InvitationPath,
        response: { 200: INVITATION },
      },
    },
    async (request, reply) => {
      const { id, invitationId } = request.params
      const answer = await revoke(requesterOf(request), id, invitationId)
      return 'id' in answer ? reply.send(answer) : sendProblem(request, reply, answer)
    },
  )
}

function addResend(app: App, { authenticateVisitor, limitCaller, resend }: InvitationRoutes): void {
  app.post(
    `${PATH}/:invitationId/resend`,
    {
      config: {
        action: 'invitation.resend',
        problems: listProblems(
          ['caller'],
          [...ACCESS_PROBLEMS, ...FINISHED_PROBLEMS, 'invitation-not-found', 'invitation-invalid'],
        ),
      },
      preParsing: [authenticateVisitor('consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'resendInvitation',
        summary: 'Replace the code of an invitation',
        description: `${REQUIRES_WRITE} The previous code stops working at once. Browsers that redeemed it keep their access.`,
        ...byScopeOrCookie('consultations:write'),
        params: InvitationPath,
        response: { 200: INVITATION },
      },
    },
    async (request, reply) => {
      const { id, invitationId } = request.params
      const answer = await resend(requesterOf(request), id, invitationId)
      return 'id' in answer ? reply.send(answer) : sendProblem(request, reply, answer)
    },
  )
}
