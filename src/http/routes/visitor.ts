import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Scope } from '../../contract/policy/policy.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import type { Refusal } from '../../contract/problem.ts'
import { failureNetworksOf } from '../../rules/client-network.ts'
import type { Browser } from '../../service/invitations/bound-browser.ts'
import { originOf } from '../server/request-origin.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { HttpProblem } from '../server/problems.ts'
import type { BrowserCookie } from './browser-cookie.ts'

/** A hook of a route of one consultation, whose id is the path parameter `id`. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** The guards of the routes of one consultation, which also accept the cookie of a browser that is bound to it. */
export type VisitorGuards = RouteGuards & {
  /** Authenticates by the Authorization header; without one, by the cookie. @param scopes the caller needs one of them */
  authenticateVisitor(...scopes: Scope[]): Hook
}

/** How a browser is identified. */
export type VisitorDeps = Pick<RouteGuards, 'identify'> & {
  cookie: BrowserCookie
  /** @returns the caller that a browser acts as; undefined if it is not bound to this consultation */
  findVisitor(secret: string, consultationId: string): Promise<Caller | undefined>
  /** Records that a browser without a session is refused. */
  refuseUnbound(browser: Browser): Promise<Refusal>
}

/** How a browser is identified on a route that accepts the cookie only. */
export type BrowserDeps = Omit<VisitorDeps, 'identify'>

/** @returns what a browser presents */
export const browserOf = (cookie: BrowserCookie, request: FastifyRequest): Browser => ({
  origin: originOf(request),
  networks: failureNetworksOf(request.clientAddress),
  secret: cookie.read(request),
})

/**
 * Creates the hook of a route whose only credential is the cookie.
 * @throws HttpProblem `no-visit`; `origin-not-allowed` if a page of another site sent the cookie
 */
export const createBrowserAuthentication =
  ({ cookie, findVisitor, refuseUnbound }: BrowserDeps): Hook =>
  async (request) => {
    const browser = browserOf(cookie, request)
    const { id } = request.params as { id: string }
    const visitor = browser.secret === undefined ? undefined : await findVisitor(browser.secret, id)
    if (visitor === undefined) throw new HttpProblem(await refuseUnbound(browser))
    cookie.checkOrigin(request)
    request.caller = visitor
  }

/** @returns the secret of the cookie of a request that is to be authenticated by it, or undefined */
export const secretOf = (cookie: BrowserCookie, request: FastifyRequest): string | undefined =>
  request.headers.authorization === undefined ? cookie.read(request) : undefined

/**
 * Creates the hook that authenticates by the Authorization header or the cookie.
 * @throws HttpProblem as `authenticate` does; `no-visit` if the browser is not bound, or not any more;
 *   `origin-not-allowed` if a page of another site sent the cookie
 */
export const createVisitorAuthentication =
  ({ identify, cookie, findVisitor, refuseUnbound }: VisitorDeps): VisitorGuards['authenticateVisitor'] =>
  (...scopes) => {
    const byCredential = authenticate(identify, ...scopes)
    return async (request, reply) => {
      const secret = secretOf(cookie, request)
      if (secret === undefined) return byCredential(request, reply)
      const { id } = request.params as { id: string }
      const visitor = await findVisitor(secret, id)
      if (visitor === undefined) throw new HttpProblem(await refuseUnbound(browserOf(cookie, request)))
      cookie.checkOrigin(request)
      request.caller = visitor
      if (!scopes.some((scope) => visitor.scopes.has(scope))) throw new HttpProblem({ code: 'scope-missing' })
    }
  }
