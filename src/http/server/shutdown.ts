import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

/**
 * Ends well: from the moment `close` is called the service is not ready, requests in flight finish, each answer closes its
 * connection (a busy keep-alive socket would hold the close), and new requests on open connections are refused.
 * @returns tells whether requests are still taken
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
