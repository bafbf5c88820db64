import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'] as const

/** Answers unknown paths with 404, and known ones asked in another way with 405 and what they allow (RFC 9110, 15.5.6). */
export function addNotFound(app: App): void {
  app.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?', 1)[0] ?? '/'
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url }))
    if (allowed.length === 0) return sendProblem(request, reply, { code: 'not-found' })
    return sendProblem(request, reply.header('allow', allowed.join(', ')), { code: 'method-not-allowed' })
  })
}

/** Percent signs that decode to nothing: Fastify would answer these outside every hook; as a path that is not there they pass all. */
export function decodableUrl(url: string): string {
  try {
    decodeURI(url)
    return url
  } catch {
    return '/undecodable'
  }
}
