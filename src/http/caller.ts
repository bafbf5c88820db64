import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../contract/policy.ts'
import type { CallerDirectory } from '../service/ports.ts'
import { HttpProblem } from './problems.ts'

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i

const CHALLENGE = 'Bearer realm="jitsi-token-service"'

/**
 * Makes the hook that finds out who asks (RFC 6750) and whether the caller has the scope of the route.
 * It belongs at preParsing: behind the limiter of addresses, before a byte of the body is read.
 * @throws HttpProblem `unauthenticated`; the same for no key, a malformed and an unknown one, but for the challenge;
 *   `scope-missing`
 */
export function authenticate(callers: CallerDirectory, scope: Scope) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const credential = credentialOf(request)
    const caller = credential === undefined ? undefined : await callers.authenticate(credential)
    if (caller === undefined) {
      const presented = request.headers.authorization !== undefined
      reply.header('www-authenticate', presented ? `${CHALLENGE}, error="invalid_token"` : CHALLENGE)
      throw new HttpProblem('unauthenticated')
    }
    request.caller = caller
    if (!caller.scopes.has(scope)) throw new HttpProblem('scope-missing')
  }
}

function credentialOf(request: FastifyRequest): string | undefined {
  // Node keeps the first of several Authorization headers; a proxy may have meant another.
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  const times = names.filter((name) => name.toLowerCase() === 'authorization').length
  return times === 1 ? BEARER.exec(request.headers.authorization ?? '')?.[1] : undefined
}

/** @returns who asks; for use behind `authenticate` */
export function callerOfRequest(request: FastifyRequest): NonNullable<FastifyRequest['caller']> {
  if (request.caller === null) throw new Error('a route that needs a caller lacks the authenticate hook')
  return request.caller
}
