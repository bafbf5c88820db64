import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

/**
 * Enables graceful shutdown. Once `close` is called, the service is not ready, requests in flight finish, every
 * response closes its connection (an active keep-alive connection would delay the close), and new requests on open
 * connections are refused with `shutting-down`.
 * @returns a function that says whether the service accepts requests
 */
export function enableGracefulShutdown(app: App): () => boolean {
  let accepting = true
  app.addHook('preClose', (done) => {
    accepting = false
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (accepting || request.routeOptions.config.bucket === 'none') done()
    else void sendProblem(request, reply, { code: 'shutting-down' })
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!accepting) reply.header('connection', 'close')
    done()
  })
  return () => accepting
}
