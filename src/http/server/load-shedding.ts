import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { NewId } from '../../service/ports.ts'
import type { SigningLoad } from '../../service/keys/ports.ts'
import type { App } from './app-type.ts'
import { SECURITY_HEADERS } from './headers.ts'
import { PROBLEM_TYPE, problemDocument, RETRY_SECONDS } from './problems.ts'

const REPORT_INTERVAL_MS = 1000

/** Counts requests to a route that were refused within the last interval; at least 1. */
export type ReportRefusals = (route: string, count: number) => void

/**
 * Refuses a request that needs a signature before the framework handles it, while the signing queue is full. It covers
 * every POST route with `signs` in its config and no path parameter, provided that the route is added after this call.
 * A request of a page, which has an `Origin` header, is left to `shedLoad`: the page can read the answer only with CORS
 * headers.
 *
 * Measured at five times the capacity of one core: a refusal costs 37 µs of the event loop instead of 101 µs in the
 * framework, and tokens reach 0.97 of the capacity instead of 0.87.
 * @param report is called at most once a second for each route: a log line per request would cost as much as the
 *   refusal
 */
export function refuseEarly(
  app: App,
  signing: Pick<SigningLoad, 'full' | 'signatureMs'>,
  newId: NewId,
  report: ReportRefusals,
): void {
  const refusals = countByRoute(app, report)
  const pause = createPause(() => PAUSE_SHARE * signing.signatureMs())
  const listeners = app.server.listeners('request') as RequestListener[]
  app.server.removeAllListeners('request')
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '', headers } = request
    if (method === 'POST' && refusals.covers(url) && headers.origin === undefined && signing.full()) {
      refusals.count(url)
      pause()
      refuse(response, newId())
    } else for (const listener of listeners) listener(request, response)
  })
}

/** Counts refusals for each route that signs, and reports them every interval and on close. */
function countByRoute(app: App, report: ReportRefusals) {
  const counts = new Map<string, number>()
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.signs === true && method === 'POST' && !url.includes(':')) counts.set(url, 0)
  })
  const reportAll = () => {
    for (const [route, count] of counts) {
      if (count > 0) report(route, count)
      counts.set(route, 0)
    }
  }
  const timer = setInterval(reportAll, REPORT_INTERVAL_MS).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    reportAll()
    done()
  })
  return {
    covers: (url: string) => counts.has(url),
    count: (route: string) => void counts.set(route, (counts.get(route) ?? 0) + 1),
  }
}

/**
 * The pause as a share of a signature's time. Each core has two signatures in the thread pool; a longer pause would leave
 * it idle.
 */
const PAUSE_SHARE = 0.8
const MAX_PAUSE_MS = 3

/**
 * Creates a function that blocks the event loop after the current turn, so that the requests that arrive meanwhile are
 * refused in one turn. The pool threads go on signing. Without it, each request wakes the event loop, which interrupts
 * a signature.
 *
 * Measured at five times the capacity of one core: a refusal costs 37 µs of the event loop instead of 57 µs, and tokens
 * reach 0.97 of the capacity instead of 0.92.
 * @param cycleMs the longest time from the first refusal of a turn to the end of the pause, in milliseconds; at most 3
 */
function createPause(cycleMs: () => number): () => void {
  // Nothing writes to this memory: the wait ends by its timeout.
  const memory = new Int32Array(new SharedArrayBuffer(4))
  let isScheduled = false
  return () => {
    if (isScheduled) return
    isScheduled = true
    const startedAt = performance.now()
    setImmediate(() => {
      isScheduled = false
      const pauseMs = Math.min(cycleMs(), MAX_PAUSE_MS) - (performance.now() - startedAt)
      if (pauseMs > 0) Atomics.wait(memory, 0, 0, pauseMs)
    })
  }
}

const HEADERS = Object.entries({
  ...SECURITY_HEADERS,
  'content-type': PROBLEM_TYPE,
  'retry-after': String(RETRY_SECONDS.overloaded),
}).flat()

/** The problem document before and after the request id, which holds no character that JSON escapes. */
const [BEFORE_ID = '', AFTER_ID = ''] = JSON.stringify(problemDocument({ code: 'overloaded' }, ' ')).split('" "')

function refuse(response: ServerResponse, requestId: string): void {
  const body = `${BEFORE_ID}"${requestId}"${AFTER_ID}`
  response.writeHead(503, [...HEADERS, 'x-request-id', requestId, 'content-length', String(body.length)])
  response.end(body)
}
