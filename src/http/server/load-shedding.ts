import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { NewId } from '../../service/ports.ts'
import type { SigningLoad } from '../../service/keys/ports.ts'
import type { App } from './app-type.ts'
import { requestIdOf, SECURITY_HEADERS } from './headers.ts'
import { PROBLEM_TYPE, problemDocument, RETRY_SECONDS } from './problems.ts'

/** How often it is told how many were refused at the door. */
const REPORT_INTERVAL_MS = 1000

/**
 * Refuses, before the framework sees it, a request that asks for a signature for which the queue has no place: under five
 * times the load that can be served, four of five requests must cost next to nothing. Requests of pages go in, for they need
 * the headers of CORS to read the refusal; they are refused behind those.
 * @param path of the requests that need a signature, all of them POST
 * @param tell is told once a second how many were refused, for a line of the log each would cost as much as the refusal
 */
export function refuseEarly(
  app: App,
  path: string,
  signing: Pick<SigningLoad, 'full' | 'signatureMs'>,
  newId: NewId,
  tell: (refused: number) => void,
): void {
  const listeners = app.server.listeners('request') as RequestListener[]
  const rest = pauseMs(() => MOST_OF_IT * signing.signatureMs())
  let refused = 0
  app.server.removeAllListeners('request')
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, headers } = request
    if (method === 'POST' && url === path && headers.origin === undefined && signing.full()) {
      refused += 1
      rest()
      refuse(response, requestIdOf(headers['x-request-id']) ?? newId())
    } else for (const listener of listeners) listener(request, response)
  })
  const tellNow = () => {
    if (refused > 0) tell(refused)
    refused = 0
  }
  const timer = setInterval(tellNow, REPORT_INTERVAL_MS).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    tellNow()
    done()
  })
}

/** So much of a signature's time: a core has two at hand, and would else be out of them by the end of a rest. */
const MOST_OF_IT = 0.8
const MAX_PAUSE_MS = 3

/**
 * Lets the event loop stand still for a moment after a turn in which somebody was refused, so that those who come meanwhile are
 * refused together. One that comes alone wakes the loop, which takes a core from a signature, and costs half as much again.
 * @param cycleMs how long such a turn and the rest behind it may take together, in milliseconds
 */
function pauseMs(cycleMs: () => number): () => void {
  const nobodyWrites = new Int32Array(new SharedArrayBuffer(4))
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    const beganAt = performance.now()
    setImmediate(() => {
      isDue = false
      const restMs = Math.min(cycleMs(), MAX_PAUSE_MS) - (performance.now() - beganAt)
      if (restMs > 0) Atomics.wait(nobodyWrites, 0, 0, restMs)
    })
  }
}

const HEADERS = Object.entries({
  ...SECURITY_HEADERS,
  'content-type': PROBLEM_TYPE,
  'retry-after': String(RETRY_SECONDS.overloaded),
}).flat()

/** The document around the request's id, which holds nothing that JSON would escape. */
const [BEFORE_ID = '', BEHIND_ID = ''] = JSON.stringify(problemDocument({ code: 'overloaded' }, ' ')).split('" "')

function refuse(response: ServerResponse, requestId: string): void {
  const body = `${BEFORE_ID}"${requestId}"${BEHIND_ID}`
  response.writeHead(503, [...HEADERS, 'x-request-id', requestId, 'content-length', String(body.length)])
  response.end(body)
}
