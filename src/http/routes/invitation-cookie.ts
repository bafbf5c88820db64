import cookie from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../server/app-type.ts'

/** The longest lifetime of a cookie in browsers: 400 days (RFC 6265bis, section 5.5). */
const MAX_AGE_SECONDS = 400 * 86_400

const SECRET = /^[0-9a-f]{64}$/

/** The cookie that identifies a browser bound to an invitation. Its value is a random secret. */
export type InvitationCookie = {
  /** @returns the secret of a request; undefined if there is none or it is malformed */
  read(request: FastifyRequest): string | undefined
  /** @param forMs lifetime in milliseconds; 400 days at most */
  set(reply: FastifyReply, secret: string, forMs: number): void
}

/**
 * Creates the cookie. Scripts cannot read it (HttpOnly), and a browser sends it only from pages of the same site
 * (SameSite=Strict). The page that invitations link to must therefore be on the site of this service; CORS does not
 * allow credentials from other origins.
 * @param secure whether the cookie requires https, as the prefix `__Host-` does (RFC 6265bis, section 4.1.3.2); false
 *   only for http on localhost
 */
export async function createInvitationCookie(app: App, secure: boolean): Promise<InvitationCookie> {
  // Without the hook, a cookie is parsed only by the routes that read it.
  await app.register(cookie, { hook: false })
  const name = secure ? '__Host-visit' : 'visit'
  return {
    read({ headers }) {
      const value = app.parseCookie(headers.cookie ?? '')[name]
      return value !== undefined && SECRET.test(value) ? value : undefined
    },
    set(reply, secret, forMs) {
      const maxAge = Math.min(Math.ceil(forMs / 1000), MAX_AGE_SECONDS)
      void reply.setCookie(name, secret, { httpOnly: true, sameSite: 'strict', secure, path: '/', maxAge })
    },
  }
}
