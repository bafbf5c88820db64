import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { SigningLoad } from '../../service/keys/ports.ts'
import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

/**
 * How late the event loop may be, in milliseconds, before what is not vital is refused; how often that is looked at, and how
 * finely it is measured.
 */
const PATIENCE = { maxDelayMs: 1000, lookEveryMs: 1000 }
const RESOLUTION_MS = 10

/** So many looks in a row: what stood still once, as at a start, goes on, and who asks now need not be refused for it. */
const LATE_LOOKS = 2

/**
 * Refuses what could not be served in time: a token for which the queue of signatures has no place, and everything but
 * probes and keys while the event loop is late. It belongs behind CORS, so that a page can read the refusal.
 */
export function shedLoad(app: App, signing: Pick<SigningLoad, 'full'>, patience = PATIENCE): void {
  const isLate = watchEventLoop(app, patience)
  app.addHook('onRequest', (request, reply, done) => {
    const { signs, bucket } = request.routeOptions.config
    if ((signs === true && signing.full()) || (bucket === undefined && isLate())) {
      void sendProblem(request, reply, { code: 'overloaded' })
    } else done()
  })
}

/**
 * Measures how late the event loop is on average. (@fastify/under-pressure would too, and ends the process once it is out of
 * file descriptors: it asks for the memory in use, which the system tells in a file.)
 * @returns tells whether it was too late, look after look
 */
function watchEventLoop(app: App, { maxDelayMs, lookEveryMs }: typeof PATIENCE): () => boolean {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let looksLate = 0
  const timer = setInterval(() => {
    const lateMs = delay.mean / 1e6 - RESOLUTION_MS
    // Without one measurement in all that time it stood still.
    looksLate = Number.isNaN(lateMs) || lateMs > maxDelayMs ? looksLate + 1 : 0
    delay.reset()
  }, lookEveryMs).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    delay.disable()
    done()
  })
  return () => looksLate >= LATE_LOOKS
}
