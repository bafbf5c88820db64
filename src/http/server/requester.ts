import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { Requester } from '../../service/requester.ts'
import { callerOfRequest } from './authenticate.ts'
import { originOf } from './request-origin.ts'

const ON_BEHALF_OF = '^[\\x21-\\x7e](?:[\\x20-\\x7e]{0,126}[\\x21-\\x7e])?$'

export const OnBehalfOf = Type.String({
  pattern: ON_BEHALF_OF,
  description:
    '1 to 128 printable ASCII characters that name the person who caused the request; it is recorded, and decides nothing',
})

const onBehalfOf = new RegExp(ON_BEHALF_OF)

/** Who asks, for the record; what is no good name of a person is left out, for a refusal may come before it is refused. */
export function requesterOf(request: FastifyRequest): Requester {
  const person = request.headers['x-on-behalf-of']
  return {
    caller: callerOfRequest(request),
    ...originOf(request),
    ...(typeof person === 'string' && onBehalfOf.test(person) ? { onBehalfOf: person } : {}),
  }
}
