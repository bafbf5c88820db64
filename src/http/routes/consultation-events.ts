import { PassThrough } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../../contract/problem.ts'
import type { Scope } from '../../contract/policy/policy.ts'
import { CONSULTATION_EVENTS } from '../../contract/consultations/waiting-room.ts'
import type { Requester } from '../../service/requester.ts'
import type { ConsultationObserver, IsAuthorized, Watch } from '../../service/consultations/watch.ts'
import type { App } from '../server/app-type.ts'
import { credentialOf } from '../server/authenticate.ts'
import { createOpenStreams, type OpenStreams } from './event-streams.ts'
import { byScopeOrCookie, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'
import type { BrowserCookie } from './browser-cookie.ts'
import { secretOf, type VisitorGuards } from './visitor.ts'

/** What the route needs: the guards, the cookie and the use cases. */
export type EventRoute = VisitorGuards & {
  cookie: BrowserCookie
  /** @returns whether a browser is still bound to a consultation */
  isStillBound(secret: string, consultationId: string): Promise<boolean>
  /** @returns whether a credential that was accepted before is still valid and has one of the scopes */
  isStillValid(credential: string, scopes: readonly Scope[]): Promise<boolean>
  watch(
    requester: Requester,
    id: string,
    listener: ConsultationObserver,
    isAuthorized: IsAuthorized,
  ): Promise<Watch | Refusal>
  /**
   * Seconds between heartbeats; shorter than the idle timeout of usual proxies (60 s) and of this server's sockets
   * (30 s).
   */
  heartbeatSeconds: number
  reportOpenStreams(open: number): void
}

/** The longest life of a stream. The client then reconnects, and its credential is checked again. */
const MAX_STREAM_MS = 3_600_000

const SCOPES = ['consultations:read', 'consultations:attend'] as const

/** After how long a client reconnects: after the last event there is nothing more to receive. */
const RETRY_MS = { next: 3000, last: 3_600_000 }

/** A stream with more unread bytes than this is closed: its client has stopped reading. */
const MAX_UNREAD_BYTES = 64 * 1024

const DESCRIPTION = `Requires the scope consultations:read, a signed-in participant, or the cookie of a browser that is bound to the consultation. Server-sent events
(text/event-stream): ${CONSULTATION_EVENTS.join(', ')}. The data of each event is a ConsultationView. The first event holds the current
state, so no change between two connections is lost. The stream ends after ended, cancelled or removed, and when its credential is no
longer valid.`

/** A stream whose data is JSON (JSON Schema 2020-12, section 8.4). */
const EVENT_STREAM = Type.Unsafe<PassThrough>(
  Type.String({ contentMediaType: 'application/json', contentSchema: Type.Ref('ConsultationView') }),
)

/** Adds `GET /api/jitsi/consultations/{id}/events`: server-sent events (HTML standard, section 9.2). */
export function addEvents(app: App, { watch, ...route }: EventRoute): void {
  const open = createOpenStreams()
  const checks: CredentialChecks = new WeakMap()
  app.addHook('preClose', (done) => {
    open.endAll()
    done()
  })
  app.get(
    `${CONSULTATIONS_PATH}/:id/events`,
    {
      // A stream cannot answer HEAD.
      exposeHeadRoute: false,
      config: {
        action: 'consultation.read',
        problems: listProblems(['visitor'], ['consultation-not-found', 'revoked', 'overloaded']),
      },
      preParsing: [authenticateWithCheck(route, checks), route.limitCaller],
      schema: {
        operationId: 'watchConsultation',
        summary: 'Stream the events of a consultation',
        description: DESCRIPTION.replaceAll('\n', ' '),
        ...byScopeOrCookie('consultations:read'),
        params: ConsultationPath,
        response: {
          200: {
            description: 'The event stream',
            content: { 'text/event-stream': { schema: EVENT_STREAM } },
          },
        },
      },
    },
    async (request, reply) => {
      const stream = new PassThrough()
      const { id } = request.params
      const isAuthorized = checks.get(request) ?? (() => Promise.resolve(false))
      const start = (requester: Requester) => watch(requester, id, createObserver(stream), isAuthorized)
      const found = await acquireStream(open, stream, requesterOf(request), id, start)
      if ('code' in found) return sendProblem(request, reply, found)
      maintainStream(stream, found, open, route)
      // nginx buffers answers without this header, and would delay events.
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(stream)
    },
  )
}

/** For each request of a stream, the check whether its credential is still valid. */
type CredentialChecks = WeakMap<FastifyRequest, IsAuthorized>

/** Reserves a stream before the first await, starts to watch, and releases the stream if that fails. */
async function acquireStream(
  open: OpenStreams,
  stream: PassThrough,
  requester: Requester,
  consultationId: string,
  watch: (requester: Requester) => Promise<Watch | Refusal>,
): Promise<Watch | Refusal> {
  const refusal = open.add(stream, requester.caller, consultationId)
  if (refusal !== undefined) return refusal
  let found: Watch | Refusal | undefined
  try {
    found = await watch(requester)
    return found
  } finally {
    if (found === undefined || 'code' in found) open.delete(stream)
  }
}

/** Authenticates, and remembers how to check later whether the credential is still valid. */
function authenticateWithCheck(
  { authenticateVisitor, cookie, isStillBound, isStillValid }: Omit<EventRoute, 'watch'>,
  checks: CredentialChecks,
) {
  const authenticateRequest = authenticateVisitor(...SCOPES)
  return async (request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply): Promise<void> => {
    await authenticateRequest(request, reply)
    const credential = credentialOf(request)
    const secret = secretOf(cookie, request)
    if (credential !== undefined) checks.set(request, () => isStillValid(credential, SCOPES))
    else if (secret !== undefined) checks.set(request, () => isStillBound(secret, request.params.id))
  }
}

/** Writes events in the text/event-stream format (HTML standard, section 9.2.5). */
const createObserver = (stream: PassThrough): ConsultationObserver => ({
  notify(event, view, last) {
    if (stream.writableEnded) return
    stream.write(`retry: ${last ? RETRY_MS.last : RETRY_MS.next}\nevent: ${event}\ndata: ${JSON.stringify(view)}\n\n`)
    if (last) stream.end()
  },
  onError: () => stream.end(),
  onUnauthorized: () => stream.end(),
})

/** Sends heartbeats, limits the life of a stream, and releases everything once it closes. */
function maintainStream(
  stream: PassThrough,
  watch: Watch,
  open: OpenStreams,
  { heartbeatSeconds, reportOpenStreams }: Pick<EventRoute, 'heartbeatSeconds' | 'reportOpenStreams'>,
): void {
  const heartbeat = setInterval(() => {
    watch.refresh()
    if (stream.readableLength + stream.writableLength > MAX_UNREAD_BYTES) stream.destroy()
    else if (!stream.writableEnded) stream.write(':\n\n')
  }, heartbeatSeconds * 1000).unref()
  const lifetime = setTimeout(() => stream.end(), MAX_STREAM_MS).unref()
  reportOpenStreams(open.count())
  const close = () => {
    clearInterval(heartbeat)
    clearTimeout(lifetime)
    watch.stop()
    const isOpen = open.delete(stream)
    if (isOpen) reportOpenStreams(open.count())
  }
  if (stream.writableEnded) close()
  else stream.once('finish', close).once('close', close)
}
