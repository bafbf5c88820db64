import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../../contract/policy/policy.ts'
import type { Refusal } from '../../contract/problem.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { PresentedCredential } from '../../service/authenticate.ts'
import { networkOf } from './client-address.ts'
import { originOf } from './request-origin.ts'
import { HttpProblem } from './problems.ts'

// Above this length nothing is a credential: an access token of 8 kB would not fit beside the other headers.
const BEARER = /^Bearer +([\x21-\x7e]{1,8192})$/i

const CHALLENGE = 'Bearer realm="jitsi-token-service"'
/** The challenge where something was presented that is no good (RFC 6750, section 3). */
export const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token"`

/** Finds out who asks. */
export type AuthenticateCaller = (presented: PresentedCredential) => Promise<Caller | Refusal>

/** What every route of a caller needs: who asks, and how often that caller may. */
export type RouteGuards = {
  identify: AuthenticateCaller
  limitCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

/**
 * Makes the hook that finds out who asks (RFC 6750) and whether the caller has the scope of the route.
 * It belongs at preParsing: behind the limiter of addresses, before a byte of the body is read.
 * @param scopes any one of them will do
 * @throws HttpProblem what `identify` refuses, with its challenge; `scope-missing`
 */
export function authenticate(identify: AuthenticateCaller, ...scopes: Scope[]) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { authorization } = request.headers
    const credential = credentialOf(request)
    const found = await identify({ credential, network: networkOf(request.ip), origin: originOf(request) })
    if ('code' in found) {
      if (found.code !== 'rate-limited')
        reply.header('www-authenticate', challengeOf(found, authorization !== undefined))
      throw new HttpProblem(found)
    }
    request.caller = found
    if (!scopes.some((scope) => found.scopes.has(scope))) throw new HttpProblem({ code: 'scope-missing' })
  }
}

/** RFC 6750, section 3: no error where nothing was presented; RFC 9470, section 3, where a stronger sign-in is needed. */
function challengeOf({ acrValues }: Refusal, presented: boolean): string {
  if (acrValues !== undefined) {
    return `${CHALLENGE}, error="insufficient_user_authentication", acr_values="${acrValues.join(' ')}"`
  }
  return presented ? INVALID_TOKEN : CHALLENGE
}

function credentialOf(request: FastifyRequest): string | undefined {
  // Node keeps the first of several Authorization headers; a proxy may have meant another.
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  const times = names.filter((name) => name.toLowerCase() === 'authorization').length
  return times === 1 ? BEARER.exec(request.headers.authorization ?? '')?.[1] : undefined
}

/** @returns who asks; for use behind `authenticate` */
export function callerOfRequest(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('a route that needs a caller lacks the authenticate hook')
  return request.caller
}
