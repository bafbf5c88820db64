import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../../contract/policy/policy.ts'
import type { Refusal } from '../../contract/problem.ts'
import { failureNetworksOf } from '../../rules/client-network.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { FailedLogin, PresentedCredential } from '../../service/authenticate.ts'
import { MAX_HEADER_BYTES } from './headers.ts'
import { originOf } from './request-origin.ts'
import { CHALLENGE, HttpProblem } from './problems.ts'

/** A bearer credential (RFC 6750, section 2.1). The limit of all headers bounds its length. */
const BEARER = new RegExp(`^Bearer +([\\x21-\\x7e]{1,${MAX_HEADER_BYTES}})$`, 'i')

/** The challenge for an invalid credential (RFC 6750, section 3). */
export const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token"`

/** Resolves a credential to its caller. */
export type AuthenticateCaller = (presented: PresentedCredential) => Promise<Caller | FailedLogin>

/** The guards of every route that needs a caller: authentication and the rate limit per caller. */
export type RouteGuards = {
  identify: AuthenticateCaller
  limitCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
}

/**
 * Creates the hook that authenticates the caller (RFC 6750) and checks the scopes of the route.
 * Use it as preParsing: after the rate limit per address and before the body is read.
 * @param scopes scopes of which the caller needs one
 * @throws HttpProblem the refusal of `identify`, with its challenge; `scope-missing`
 */
export function authenticate(identify: AuthenticateCaller, ...scopes: Scope[]) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { authorization } = request.headers
    const credential = credentialOf(request)
    const found = await identify({
      credential,
      networks: failureNetworksOf(request.clientAddress),
      origin: originOf(request),
    })
    if ('code' in found) {
      const isMalformed = credential === undefined && authorization !== undefined
      request.rejectionReason = isMalformed ? 'malformed' : found.reason
      if (found.code !== 'rate-limited')
        reply.header('www-authenticate', challengeOf(found, authorization !== undefined))
      throw new HttpProblem(found)
    }
    request.caller = found
    if (!scopes.some((scope) => found.scopes.has(scope))) throw new HttpProblem({ code: 'scope-missing' })
  }
}

/** RFC 6750, section 3: no error code without a credential; RFC 9470, section 3, if a stronger sign-in is required. */
function challengeOf({ acrValues }: Refusal, presented: boolean): string {
  if (acrValues !== undefined) {
    return `${CHALLENGE}, error="insufficient_user_authentication", acr_values="${acrValues.join(' ')}"`
  }
  return presented ? INVALID_TOKEN : CHALLENGE
}

/** @returns the bearer credential of a request; undefined if it has none, or more than one Authorization header */
export function credentialOf(request: FastifyRequest): string | undefined {
  // Node.js keeps the first of several Authorization headers and a proxy may read another, so several are refused.
  const names = request.raw.rawHeaders.filter((_, index) => index % 2 === 0)
  const count = names.filter((name) => name.toLowerCase() === 'authorization').length
  return count === 1 ? BEARER.exec(request.headers.authorization ?? '')?.[1] : undefined
}

/** @returns the caller of a request that passed `authenticate` */
export function callerOfRequest(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('the route needs a caller but has no authenticate hook')
  return request.caller
}
