import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import { ID_PATTERN, ID_RULE } from '../../contract/id.ts'
import { ConsultationId } from '../../contract/consultation-id.ts'
import type { Refusal } from '../../contract/problem.ts'
import { publishLinks } from '../server/base-path.ts'
import { sendProblem } from '../server/problems.ts'

export const CONSULTATIONS_PATH = '/api/jitsi/consultations'

export const ConsultationPath = Type.Object({
  id: ConsultationId,
})

/** The credentials of a route: an API key with a scope, or a signed-in user for the user's own consultations. */
export const byScope = (scope: 'consultations:read' | 'consultations:write') => ({
  security: [{ apiKey: [scope] }, { signedInUser: [] }],
})

/** The credentials of a route that also accepts the cookie of a browser that is bound to the consultation. */
export const byScopeOrCookie = (scope: 'consultations:read' | 'consultations:write') => ({
  security: [...byScope(scope).security, { visit: [] }],
})

/** The response schema of a consultation. */
export const consultationResponse = (status: 200 | 201, description: string) => ({
  [status]: {
    description,
    headers: status === 201 ? { ...ETAG, ...REPLAYED } : ETAG,
    content: { 'application/json': { schema: Type.Unsafe<ConsultationAnswer>(Type.Ref('Consultation')) } },
  },
})

/** Sends a consultation with its version as `ETag`, or the refusal. @param status 201 adds `Location` */
export function sendConsultation(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: ConsultationAnswer | Refusal,
  status = 200,
): FastifyReply {
  if ('code' in answer) return sendProblem(request, reply, answer)
  reply.code(status).header('etag', `"${answer.version}"`)
  if (status === 201) reply.header('location', answer.links.self)
  return reply.send(publishLinks(answer, request.server.basePath))
}

const ETAG = { etag: { type: 'string', description: 'the version of the consultation, for If-Match' } }

/** The header that identifies a request which may be repeated. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: ID_PATTERN,
      description: `${ID_RULE}; for 24 hours the same key and body get the same answer`,
    }),
  ),
})

/** Describes the header that `markReplay` sets. */
export const REPLAYED = {
  'idempotency-replayed': {
    type: 'string',
    description: 'true if an earlier request with the same key was answered so',
  },
}

/** Marks an answer that an earlier request with the same Idempotency-Key got. */
export function markReplay(reply: FastifyReply, isReplay: boolean): FastifyReply {
  return isReplay ? reply.header('idempotency-replayed', 'true') : reply
}
