import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import { ConsultationId } from '../../contract/consultation-id.ts'
import type { Refusal } from '../../contract/problem.ts'
import { sendProblem } from '../server/problems.ts'

export const CONSULTATIONS_PATH = '/api/jitsi/consultations'

/** The id of a consultation in a path. */
export const ConsultationPath = Type.Object({
  id: ConsultationId,
})

export const CONSULTATION_TAG = { tags: ['consultations'] }

/** Who may ask: a machine by a scope, or a signed-in user for the user's own consultations. */
export const byScope = (scope: 'consultations:read' | 'consultations:write') => ({
  security: [{ apiKey: [scope] }, { signedInUser: [] }],
})

/** A consultation as an answer. */
export const answers = (status: 200 | 201, description: string) => ({
  [status]: {
    description,
    headers: ETAG,
    content: { 'application/json': { schema: Type.Unsafe<ConsultationAnswer>(Type.Ref('Consultation')) } },
  },
})

/** Answers with a consultation and its version, or with the refusal. */
export function sendConsultation(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: ConsultationAnswer | Refusal,
  status = 200,
): FastifyReply {
  if ('code' in answer) return sendProblem(request, reply, answer)
  reply.code(status).header('etag', `"${answer.version}"`)
  if (status === 201) reply.header('location', answer.links.self)
  return reply.send(answer)
}

const ETAG = { etag: { type: 'string', description: 'the version: If-Match of the next change' } }
