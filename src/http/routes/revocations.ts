import { Type } from '@sinclair/typebox'
import type { Refusal } from '../../contract/problem.ts'
import {
  type CreatedRevocation,
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

/** What the routes need: the guards and the use cases. */
export type RevocationRoutes = RouteGuards & {
  revoke(requester: Requester, request: RevocationRequest): Promise<CreatedRevocation | Refusal>
  list(requester: Requester, query: RevocationQuery): Promise<RevocationPage | Refusal>
  lift(requester: Requester, id: string): Promise<Refusal | undefined>
}

const REVOCATIONS_PATH = '/api/jitsi/revocations'

const SHARED_SCHEMA = { security: [{ apiKey: ['tokens:revoke'] }] }

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
        summary: 'Revoke the access of a user or to a consultation, or revoke older tokens',
        description:
          'Requires the scope tokens:revoke. The revocation applies to all callers as soon as this answer is sent. If the setting JAAS_MANAGEMENT is on, revoking all access of a user also bans the user at JaaS, which cannot be undone, and revoking a consultation also destroys its meeting.',
        ...SHARED_SCHEMA,
        body: Type.Unsafe<RevocationRequest>(Type.Ref('RevocationRequest')),
        response: { 201: Type.Unsafe<CreatedRevocation>(Type.Ref('CreatedRevocation')) },
      },
    },
    async (request, reply) => {
      const answer = await revoke(requesterOf(request), request.body)
      return 'code' in answer ? sendProblem(request, reply, answer) : reply.code(201).send(answer)
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
        summary: 'List the revocations in force',
        description: 'Requires the scope tokens:revoke. Newest first.',
        ...SHARED_SCHEMA,
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
  id: Type.String({ ...ConsultationPath.properties.id, description: 'the id of the revocation' }),
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
        description: 'Requires the scope tokens:revoke. A ban at JaaS remains.',
        ...SHARED_SCHEMA,
        params: RevocationPath,
        response: { 204: Type.Null({ description: 'The revocation is no longer in force' }) },
      },
    },
    async (request, reply) => {
      const refusal = await lift(requesterOf(request), request.params.id)
      return refusal === undefined ? reply.code(204).send(null) : sendProblem(request, reply, refusal)
    },
  )
}
