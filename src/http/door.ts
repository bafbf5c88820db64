import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { NewId, SigningLoad } from '../service/ports.ts'
import type { App } from './app-type.ts'
import { requestIdOf, SECURITY_HEADERS } from './headers.ts'
import { PROBLEM_TYPE, problemDocument, RETRY_SECONDS } from './problems.ts'

/** How often it is told how many were refused at the door. */
const TELL_EVERY_MS = 1000

/**
 * Refuses, before the framework sees it, a request that asks for a signature for which the queue has no place: under five
 * times the load that can be served, four of five requests must cost next to nothing. Requests of pages go in, for they need
 * the headers of CORS to read the refusal; they are refused behind those.
 * @param path of the requests that need a signature, all of them POST
 * @param tell is told once a second how many were refused, for a line of the log each would cost as much as the refusal
 */
export function refuseAtDoor(
  app: App,
  path: string,
  signing: Pick<SigningLoad, 'full'>,
  newId: NewId,
  tell: (refused: number) => void,
): void {
  const listeners = app.server.listeners('request') as RequestListener[]
  let refused = 0
  app.server.removeAllListeners('request')
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, headers } = request
    if (method === 'POST' && url === path && headers.origin === undefined && signing.full()) {
      refused += 1
      refuse(response, requestIdOf(headers['x-request-id']) ?? newId())
    } else for (const listener of listeners) listener(request, response)
  })
  const tellNow = () => {
    if (refused > 0) tell(refused)
    refused = 0
  }
  const timer = setInterval(tellNow, TELL_EVERY_MS).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    tellNow()
    done()
  })
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
