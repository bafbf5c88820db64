import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { SigningLoad } from '../../service/keys/ports.ts'
import type { App } from './app-type.ts'
import { sendProblem } from './problems.ts'

/** The longest mean delay of the event loop, and how often it is checked. */
const DELAY_CHECK = { maxDelayMs: 1000, intervalMs: 1000 }

/** The interval between the samples of the mean delay, in milliseconds. */
const RESOLUTION_MS = 10

/**
 * Consecutive late checks before load is shed: after a single stall, for example at the start, the loop has recovered.
 */
const LATE_CHECKS = 2

/**
 * Refuses with 503 `overloaded` what could not be served in time: a request that needs a signature while the signing
 * queue is full, and every request except probes and published keys while the event loop is late. It runs after CORS,
 * so that a page can read the refusal.
 */
export function shedLoad(app: App, signing: Pick<SigningLoad, 'full'>, delayCheck = DELAY_CHECK): void {
  const isLate = watchEventLoop(app, delayCheck)
  app.addHook('onRequest', (request, reply, done) => {
    const { signs, bucket } = request.routeOptions.config
    if ((signs === true && signing.full()) || (bucket === undefined && isLate())) {
      void sendProblem(request, reply, { code: 'overloaded' })
    } else done()
  })
}

/**
 * Measures the mean delay of the event loop. @fastify/under-pressure is not an option: it calls `process.memoryUsage`,
 * which reads a file and throws when no file descriptor is left, and that ends the process.
 * @returns whether the delay was too long in the last checks
 */
function watchEventLoop(app: App, { maxDelayMs, intervalMs }: typeof DELAY_CHECK): () => boolean {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let lateChecks = 0
  const timer = setInterval(() => {
    const lateMs = delay.mean / 1e6 - RESOLUTION_MS
    // Without any sample in the interval, the loop was blocked all the time.
    lateChecks = Number.isNaN(lateMs) || lateMs > maxDelayMs ? lateChecks + 1 : 0
    delay.reset()
  }, intervalMs).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    delay.disable()
    done()
  })
  return () => lateChecks >= LATE_CHECKS
}
