import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'] as const

/** Answers unknown paths with 404, and other methods of known paths with 405 and Allow (RFC 9110, section 15.5.6). */
export function addNotFound(app: App): void {
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?', 1)[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }))
    if (allowed.length === 0) return sendProblem(request, reply, { code: 'not-found' })
    return sendProblem(request, reply.header('allow', allowed.join(', ')), { code: 'method-not-allowed' })
  })
}

/** Replaces a URL with invalid percent-encoding, which Fastify answers without running any hook, by an unknown path. */
export function toDecodableUrl(url: string): string {
  try {
    decodeURI(url)
    return url
  } catch {
    return '/undecodable'
  }
}
