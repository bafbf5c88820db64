import type { ConsultationAnswer } from '../../contract/consultations/consultation-answer.ts'
import type { App } from './app-type.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path under which a proxy publishes the service, without a slash at the end; empty for the root of the host. */
    basePath: string
  }
}

/**
 * Removes the base path from the URL of a request. A proxy may pass it on or remove it, and probes are sent without it, so
 * both forms of each URL work.
 * @returns a URL of the service itself
 */
export function removeBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url
  const rest = url.slice(basePath.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : url
}

/** Adds the base path to every `Location` that is a path of the service (RFC 9110, section 10.2.2). */
export function addBasePath(app: App, basePath: string): void {
  app.decorate('basePath', basePath)
  if (basePath === '') return
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) reply.header('location', basePath + location)
    done()
  })
}

/** Adds the base path to the links of a consultation, which are paths of the service. */
export function publishLinks(answer: ConsultationAnswer, basePath: string): ConsultationAnswer {
  if (basePath === '') return answer
  const links = Object.entries(answer.links).map(([name, path]) => [name, basePath + path])
  return { ...answer, links: Object.fromEntries(links) as ConsultationAnswer['links'] }
}
