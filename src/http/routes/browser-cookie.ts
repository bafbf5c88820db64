import cookie from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../server/app-type.ts'
import { HttpProblem } from '../server/problems.ts'

/** The longest lifetime of a cookie in browsers: 400 days (RFC 6265bis, section 5.5). */
const MAX_AGE_SECONDS = 400 * 86_400

const SECRET = /^[0-9a-f]{64}$/

/**
 * The name of the cookie. With https it has a prefix that browsers check (RFC 6265bis, section 4.1.3): `__Host-` requires the
 * path `/`, so that under a base path the cookie has `__Secure-` and is not sent to the other services of the host.
 */
export function cookieNameOf({ secure, basePath }: { secure: boolean; basePath: string }): string {
  if (!secure) return 'visit'
  return basePath === '' ? '__Host-visit' : '__Secure-visit'
}

/** The cookie that identifies a browser bound to consultations. Its value is a random secret. */
export type BrowserCookie = {
  /** @returns the secret of a request; undefined if there is none or it is malformed */
  read(request: FastifyRequest): string | undefined
  /** @param forMs lifetime in milliseconds; 400 days at most */
  set(request: FastifyRequest, reply: FastifyReply, secret: string, forMs: number): void
  /**
   * Checks that the page that sent a request may use the cookie: a page of this service, or of a listed origin. SameSite
   * keeps the cookie from other sites; this is the second lock, and the only one for pages of the same site.
   * @throws HttpProblem `origin-not-allowed`
   */
  checkOrigin(request: FastifyRequest): void
}

/** Which origins may use the cookie, and whether it requires https. */
export type CookieOptions = {
  /** Whether pages of an origin may use the cookie. */
  isListed(origin: string): boolean
  /** False only for http on localhost. */
  secure: boolean
}

/**
 * Creates the cookie. Scripts cannot read it (HttpOnly), and a browser sends it only from pages of the same site
 * (SameSite=Strict). A page of another site that CORS_ORIGINS lists gets a cookie that works in that page only
 * (SameSite=None; Partitioned).
 */
export async function createBrowserCookie(app: App, { isListed, secure }: CookieOptions): Promise<BrowserCookie> {
  // Without the hook, a cookie is parsed only by the routes that read it.
  await app.register(cookie, { hook: false })
  const { basePath } = app
  const name = cookieNameOf({ secure, basePath })
  const read: BrowserCookie['read'] = ({ headers }) => {
    const value = app.parseCookie(headers.cookie ?? '')[name]
    return value !== undefined && SECRET.test(value) ? value : undefined
  }
  return {
    read,
    set(request, reply, secret, forMs) {
      const maxAge = Math.min(Math.ceil(forMs / 1000), MAX_AGE_SECONDS)
      const isCrossSite = secure && request.headers['sec-fetch-site'] === 'cross-site'
      const scope = isCrossSite ? ({ sameSite: 'none', partitioned: true } as const) : ({ sameSite: 'strict' } as const)
      void reply.setCookie(name, secret, { httpOnly: true, secure, path: `${basePath}/`, maxAge, ...scope })
    },
    checkOrigin(request) {
      if (!isOriginAllowed(request, isListed, read(request) !== undefined)) {
        throw new HttpProblem({ code: 'origin-not-allowed' })
      }
    },
  }
}

/**
 * Whether the page that sent a request may use the cookie, by the headers that browsers set (Fetch Metadata,
 * section 2.3; Fetch, section 3.2). A request with neither header comes from no page: it may read, or present a code
 * without a cookie.
 */
function isOriginAllowed(
  { method, host, headers }: FastifyRequest,
  isListed: (origin: string) => boolean,
  hasCookie: boolean,
): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (site === 'same-origin') return true
  if (origin !== undefined) return isListed(origin) || isOriginOf(host, origin)
  const isRead = method === 'GET' || method === 'HEAD'
  return site === undefined ? isRead || !hasCookie : isRead && site === 'none'
}

/** Whether an origin has this host, whose port may be the default one of the scheme. */
function isOriginOf(host: string, origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: hostOfOrigin } = new URL(origin)
  const own = `${protocol}//${host}`
  return URL.canParse(own) && new URL(own).host === hostOfOrigin
}
