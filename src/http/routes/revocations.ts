import { Type } from '@sinclair/typebox'
import type { Refusal } from '../../contract/problem.ts'
import {
  type RevocationMade,
  type RevocationPage,
  RevocationQuery,
  type RevocationRequest,
} from '../../contract/revocation.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { ConsultationPath } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'

/** What the routes need: who calls, how often they may, and the verbs. */
export type RevocationRoutes = RouteGuards & {
  revoke(requester: Requester, request: RevocationRequest): Promise<RevocationMade | Refusal>
  list(requester: Requester, query: RevocationQuery): Promise<RevocationPage | Refusal>
  lift(requester: Requester, id: string): Promise<Refusal | undefined>
}

const REVOCATIONS_PATH = '/api/jitsi/revocations'

const BY_SCOPE = { tags: ['tokens'], security: [{ apiKey: ['tokens:revoke'] }] }

/** Adds `POST /api/jitsi/revocations`, `GET` and `DELETE …/{id}`. */
export function addRevocations(app: App, routes: RevocationRoutes): void {
  const preParsing: Hooks = [authenticate(routes.identify, 'tokens:revoke'), routes.limitCaller]
  addRevoke(app, routes, preParsing)
  addList(app, routes, preParsing)
  addLift(app, routes, preParsing)
}

type Hooks = [ReturnType<typeof authenticate>, RouteGuards['limitCaller']]

function addRevoke(app: App, { revoke }: RevocationRoutes, preParsing: Hooks): void {
  app.post(
    REVOCATIONS_PATH,
    {
      config: { action: 'revocation.create', problems: listProblems(['caller', 'body'], ['consultation-not-found']) },
      preParsing,
      schema: {
        operationId: 'revoke',
        summary: 'Revoke the access of a user, of a consultation, or of older tokens',
        description:
          'Needs the scope tokens:revoke. It holds for every caller from the answer on. Where the setting JAAS_MANAGEMENT is on, a user who is revoked anywhere is banned from JaaS, for which it has no way back, and the meeting of a consultation is destroyed.',
        ...BY_SCOPE,
        body: Type.Unsafe<RevocationRequest>(Type.Ref('RevocationRequest')),
        response: { 201: Type.Unsafe<RevocationMade>(Type.Ref('RevocationMade')) },
      },
    },
    async (request, reply) => {
      const made = await revoke(requesterOf(request), request.body)
      return 'code' in made ? sendProblem(request, reply, made) : reply.code(201).send(made)
    },
  )
}

function addList(app: App, { list }: RevocationRoutes, preParsing: Hooks): void {
  app.get(
    REVOCATIONS_PATH,
    {
      config: { action: 'revocation.read', problems: listProblems(['caller']) },
      preParsing,
      schema: {
        operationId: 'listRevocations',
        summary: 'List the revocations that are in force',
        description: 'Needs the scope tokens:revoke. Newest first.',
        ...BY_SCOPE,
        querystring: RevocationQuery,
        response: { 200: Type.Unsafe<RevocationPage>(Type.Ref('RevocationPage')) },
      },
    },
    async (request, reply) => {
      const page = await list(requesterOf(request), request.query)
      return 'code' in page ? sendProblem(request, reply, page) : reply.send(page)
    },
  )
}

const RevocationPath = Type.Object({
  id: Type.String({ ...ConsultationPath.properties.id, description: 'the id of a revocation' }),
})

function addLift(app: App, { lift }: RevocationRoutes, preParsing: Hooks): void {
  app.delete(
    `${REVOCATIONS_PATH}/:id`,
    {
      config: { action: 'revocation.lift', problems: listProblems(['caller'], ['revocation-not-found']) },
      preParsing,
      schema: {
        operationId: 'liftRevocation',
        summary: 'Lift a revocation',
        description: 'Needs the scope tokens:revoke. A ban at JaaS is not lifted with it.',
        ...BY_SCOPE,
        params: RevocationPath,
        response: { 204: Type.Null({ description: 'It is in force no more' }) },
      },
    },
    async (request, reply) => {
      const refusal = await lift(requesterOf(request), request.params.id)
      return refusal === undefined ? reply.code(204).send(null) : sendProblem(request, reply, refusal)
    },
  )
}
