import underPressure from '@fastify/under-pressure'
import type { SigningLoad } from '../service/ports.ts'
import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

/** How late the event loop may be, in milliseconds, before what is not vital is refused. */
const MAX_EVENT_LOOP_DELAY_MS = 1000

/**
 * Refuses what could not be served in time, before anything is done for it: a token for which the queue of signatures has
 * no place, and everything but probes and keys while the event loop is late.
 */
export async function refuseOverload(app: App, signing: Pick<SigningLoad, 'full'>): Promise<void> {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.signs === true && signing.full()) {
      void sendProblem(request, reply, { code: 'overloaded' })
    } else done()
  })
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    pressureHandler: (request, reply) => {
      if (request.routeOptions.config.bucket === undefined) void sendProblem(request, reply, { code: 'overloaded' })
    },
  })
}
