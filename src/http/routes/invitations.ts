import { Type } from '@sinclair/typebox'
import type { InvitationAnswer, InvitationList, InvitationRequest } from '../../contract/invitation.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { byScope, CONSULTATION_TAG, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

type Answer = Promise<InvitationAnswer | Refusal>

/** What the routes need: who calls, how often they may, and the verbs. */
export type InvitationRoutes = RouteGuards & {
  create(requester: Requester, consultationId: string, request: InvitationRequest): Answer
  list(requester: Requester, consultationId: string): Promise<InvitationList | Refusal>
  revoke(requester: Requester, consultationId: string, id: string): Answer
  resend(requester: Requester, consultationId: string, id: string): Answer
}

const PATH = `${CONSULTATIONS_PATH}/:id/invitations`

const InvitationPath = Type.Object({
  ...ConsultationPath.properties,
  invitationId: Type.String({ ...ConsultationPath.properties.id, description: 'the id of an invitation' }),
})

const INVITATION = Type.Unsafe<InvitationAnswer>(Type.Ref('Invitation'))
const FOUND = ['consultation-not-found', 'role-not-allowed'] as const
const OVER = ['consultation-ended', 'consultation-cancelled'] as const
const BY_WRITING = 'Needs the scope consultations:write, or a signed-in user who moderates.'
const WRITE = { ...CONSULTATION_TAG, ...byScope('consultations:write') }

/** Adds the routes of invitations: make, list, revoke, send again. */
export function addInvitations(app: App, routes: InvitationRoutes): void {
  addCreate(app, routes)
  addList(app, routes)
  addRevoke(app, routes)
  addResend(app, routes)
}

function addCreate(app: App, { identify, limitCaller, create }: InvitationRoutes): void {
  app.post(
    PATH,
    {
      config: {
        action: 'invitation.create',
        problems: listProblems(['caller', 'body'], [...FOUND, ...OVER, 'too-many-invitations']),
      },
      preParsing: [authenticate(identify, 'consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'createInvitation',
        summary: 'Invite somebody to a consultation',
        description: `${BY_WRITING} A user invites into roles that do not moderate. The code is told once.`,
        ...WRITE,
        params: ConsultationPath,
        body: Type.Unsafe<InvitationRequest>(Type.Ref('InvitationRequest')),
        response: { 201: INVITATION },
      },
    },
    async (request, reply) => {
      const answer = await create(requesterOf(request), request.params.id, request.body)
      return 'id' in answer ? reply.code(201).send(answer) : sendProblem(request, reply, answer)
    },
  )
}

function addList(app: App, { identify, limitCaller, list }: InvitationRoutes): void {
  app.get(
    PATH,
    {
      config: { action: 'consultation.read', problems: listProblems(['caller'], FOUND) },
      preParsing: [authenticate(identify, 'consultations:read', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'listInvitations',
        summary: 'List the invitations of a consultation',
        description: 'Needs the scope consultations:read, or a signed-in user who moderates. Codes are not told again.',
        ...CONSULTATION_TAG,
        ...byScope('consultations:read'),
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

function addRevoke(app: App, { identify, limitCaller, revoke }: InvitationRoutes): void {
  app.delete(
    `${PATH}/:invitationId`,
    {
      config: { action: 'invitation.revoke', problems: listProblems(['caller'], [...FOUND, 'invitation-not-found']) },
      preParsing: [authenticate(identify, 'consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: `${BY_WRITING} Its code is dead, and whoever used it gets no further token.`,
        ...WRITE,
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

function addResend(app: App, { identify, limitCaller, resend }: InvitationRoutes): void {
  app.post(
    `${PATH}/:invitationId/resend`,
    {
      config: {
        action: 'invitation.resend',
        problems: listProblems(['caller'], [...FOUND, ...OVER, 'invitation-not-found', 'invitation-invalid']),
      },
      preParsing: [authenticate(identify, 'consultations:write', 'consultations:attend'), limitCaller],
      schema: {
        operationId: 'resendInvitation',
        summary: 'Give an invitation another code',
        description: `${BY_WRITING} The code before is dead at once; browsers that used it stay known.`,
        ...WRITE,
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
