import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Requester } from '../../service/requester.ts'
import { callerOfRequest } from './authenticate.ts'
import { originOf } from './request-origin.ts'

const ON_BEHALF_OF = '^[\\x21-\\x7e](?:[\\x20-\\x7e]{0,126}[\\x21-\\x7e])?$'

export const OnBehalfOf = Type.String({
  pattern: ON_BEHALF_OF,
  description:
    '1 to 128 printable ASCII characters that identify the person on whose behalf the caller acts; recorded, but not used in decisions',
})

const onBehalfOf = new RegExp(ON_BEHALF_OF)

/**
 * The caller, its origin and the person of X-On-Behalf-Of, for the audit record. An invalid X-On-Behalf-Of is left out:
 * the refusal of a request may be recorded before its headers are validated.
 */
export function requesterOf(request: FastifyRequest): Requester {
  const person = request.headers['x-on-behalf-of']
  return {
    caller: callerOfRequest(request),
    ...originOf(request),
    ...(typeof person === 'string' && onBehalfOf.test(person) ? { onBehalfOf: person } : {}),
  }
}
