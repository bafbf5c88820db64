import cookie from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../server/app-type.ts'

/** The longest that a browser keeps a cookie: 400 days (RFC 6265bis, section 5.5). */
const MAX_AGE_SECONDS = 400 * 86_400

const SECRET = /^[0-9a-f]{64}$/

/** The cookie by which a browser is known that came by an invitation. It holds a secret alone. */
export type InvitationCookie = {
  /** @returns what the cookie of a request holds; undefined for what was never given out */
  read(request: FastifyRequest): string | undefined
  /** @param forMs for how long, at most 400 days */
  set(reply: FastifyReply, secret: string, forMs: number): void
}

/**
 * Makes the cookie. Scripts cannot read it, and a browser sends it from pages of the same site alone, for which the page that
 * invitations link to has to be of the site of this service: CORS lets no page elsewhere send it along.
 * @param secure whether it needs https, as `__Host-` demands (RFC 6265bis, section 4.1.3.2); false only for http on localhost
 */
export async function createInvitationCookie(app: App, secure: boolean): Promise<InvitationCookie> {
  // Read where it is wanted, and not of every request.
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
