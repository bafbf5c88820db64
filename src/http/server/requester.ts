import type { FastifyRequest } from 'fastify'
import { ID_RULE, id, isValidId } from '../../contract/id.ts'
import type { Requester } from '../../service/requester.ts'
import type { App } from './app-type.ts'
import { callerOfRequest } from './authenticate.ts'
import { originOf } from './request-origin.ts'
import { HttpProblem } from './problems.ts'

const HEADER = 'x-on-behalf-of'

/** Schema of X-On-Behalf-Of. */
export const OnBehalfOf = id(
  'the id of the person on whose behalf the caller acts; recorded, but not used in decisions',
)

/**
 * Refuses an invalid X-On-Behalf-Of of an authenticated caller on every route, because the audit record would miss the
 * person. Register it before the routes.
 */
export function checkOnBehalfOf(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const person = request.headers[HEADER]
    const isValid = person === undefined || request.caller === null || isValidId(person)
    const errors = [{ pointer: `/headers/${HEADER}`, message: `must be ${ID_RULE}` }]
    done(isValid ? undefined : new HttpProblem({ code: 'invalid-request', errors }))
  })
}

/**
 * The caller, its origin and the person of X-On-Behalf-Of, for the audit record. An invalid X-On-Behalf-Of is left out:
 * the refusal of a request may be recorded before its headers are checked.
 */
export function requesterOf(request: FastifyRequest): Requester {
  const person = request.headers[HEADER]
  return {
    caller: callerOfRequest(request),
    ...originOf(request),
    ...(isValidId(person) ? { onBehalfOf: person } : {}),
  }
}
