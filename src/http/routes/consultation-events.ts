import { PassThrough } from 'node:stream'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../../contract/problem.ts'
import { EVENTS } from '../../contract/consultations/waiting-room.ts'
import type { Caller } from '../../rules/policy/policy.ts'
import { userBucketKey } from '../../service/tokens/token-limits.ts'
import type { Requester } from '../../service/requester.ts'
import type { ConsultationObserver, Watch } from '../../service/consultations/watch.ts'
import type { App } from '../server/app-type.ts'
import { authenticate, type RouteGuards } from '../server/authenticate.ts'
import { byScope, CONSULTATION_TAG, ConsultationPath, CONSULTATIONS_PATH } from './consultation-schema.ts'
import { sendProblem } from '../server/problems.ts'
import { listProblems } from '../server/route-problems.ts'
import { requesterOf } from '../server/requester.ts'
import type { InvitationCookie } from './invitation-cookie.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type EventRoute = RouteGuards & {
  cookie: InvitationCookie
  /** Whoever came by an invitation, by what the cookie holds. */
  findVisitor(secret: string, consultationId: string): Promise<Caller | undefined>
  watch(requester: Requester, id: string, listener: ConsultationObserver): Promise<Watch | Refusal>
  /** How often a stream shows that it lives; shorter than the idle time of proxies (60 s) and of our sockets (30 s). */
  heartbeatSeconds: number
  /** Is told how many streams are open. */
  reportOpenStreams(open: number): void
}

/** After so long a listener comes again, and is asked for the credential again. */
const MAX_STREAM_MS = 3_600_000

/** As many as one instance keeps open; who comes beyond is told to come again. */
const MAX_STREAMS = 5000

/** As many as one instance keeps open for one person, of whom nobody else should have to mind; a page needs one. */
const MAX_STREAMS_PER_USER = 10

/** When a listener comes again: soon, or once there is nothing to tell any more, hardly. */
const RETRY_MS = { next: 3000, last: 3_600_000 }

/** Who takes nothing of so many waiting bytes is parted with. */
const MAX_WAITING_BYTES = 64 * 1024

const DESCRIPTION = `Needs the scope consultations:read, or a signed-in user who takes part, or the cookie of an invitation. Server-sent events
(text/event-stream) with the events ${EVENTS.join(', ')}; data of each is a ConsultationView. The first tells how things
stand, so nothing is lost between requester and listening. After ended, cancelled or removed the stream ends.`

/** A stream whose data is JSON (JSON Schema 2020-12, section 8.4). */
const EVENT_STREAM = Type.Unsafe<PassThrough>(
  Type.String({ contentMediaType: 'application/json', contentSchema: Type.Ref('ConsultationView') }),
)

/** Adds `GET /api/jitsi/consultations/{id}/events`: server-sent events (HTML standard, section 9.2). */
export function addEvents(app: App, { watch, ...route }: EventRoute): void {
  const open: Open = new Map()
  app.addHook('preClose', (done) => {
    for (const stream of open.keys()) stream.end()
    done()
  })
  app.get(
    `${CONSULTATIONS_PATH}/:id/events`,
    {
      // Nobody would be at the other end of its stream.
      exposeHeadRoute: false,
      config: {
        action: 'consultation.read',
        problems: listProblems(['caller'], ['consultation-not-found', 'overloaded']),
      },
      preParsing: [authenticateAny(route), route.limitCaller],
      schema: {
        operationId: 'watchConsultation',
        summary: 'Listen to what happens to a consultation',
        description: DESCRIPTION.replaceAll('\n', ' '),
        ...CONSULTATION_TAG,
        ...byScope('consultations:read'),
        params: ConsultationPath,
        response: {
          200: {
            description: 'Events, as they happen',
            content: { 'text/event-stream': { schema: EVENT_STREAM } },
          },
        },
      },
    },
    async (request, reply) => {
      const stream = new PassThrough()
      const watching = (requester: Requester) => watch(requester, request.params.id, createObserver(stream))
      const found = await acquireStream(open, stream, requesterOf(request), watching)
      if ('code' in found) return sendProblem(request, reply, found)
      keepOpen(stream, found, open, route)
      // A proxy that collects answers would hold events back.
      return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(stream)
    },
  )
}

/** The streams, each with the user whose it is; a machine has as many as there may be. */
type Open = Map<PassThrough, string | undefined>

/** Begins to watch, in a place that is taken before anything is waited for, and given back where nothing comes of it. */
async function acquireStream(
  open: Open,
  stream: PassThrough,
  requester: Requester,
  watch: (requester: Requester) => Promise<Watch | Refusal>,
): Promise<Watch | Refusal> {
  const full = take(open, stream, requester.caller)
  if (full !== undefined) return full
  let found: Watch | Refusal | undefined
  try {
    found = await watch(requester)
    return found
  } finally {
    if (found === undefined || 'code' in found) open.delete(stream)
  }
}

/** @returns why there is no place for a stream, or undefined once it has one */
function take(open: Open, stream: PassThrough, caller: Caller): Refusal | undefined {
  if (open.size >= MAX_STREAMS) return { code: 'overloaded' }
  const user = caller.user === undefined ? undefined : userBucketKey(caller, caller.user.id)
  const own = user === undefined ? [] : [...open.values()].filter((each) => each === user)
  if (own.length >= MAX_STREAMS_PER_USER) return { code: 'rate-limited', retryAfterMs: RETRY_MS.next }
  open.set(stream, user)
  return undefined
}

/** Whoever has no credential but the cookie of an invitation may listen, too. */
function authenticateAny({ identify, cookie, findVisitor }: Pick<EventRoute, 'identify' | 'cookie' | 'findVisitor'>) {
  const byCredential = authenticate(identify, 'consultations:read', 'consultations:attend')
  return async (request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply): Promise<void> => {
    const secret = request.headers.authorization === undefined ? cookie.read(request) : undefined
    const visitor = secret === undefined ? undefined : await findVisitor(secret, request.params.id)
    if (visitor === undefined) return byCredential(request, reply)
    request.caller = visitor
  }
}

/** Writes events down as the HTML standard has them. */
const createObserver = (stream: PassThrough): ConsultationObserver => ({
  notify(event, view, last) {
    if (stream.writableEnded) return
    stream.write(`retry: ${last ? RETRY_MS.last : RETRY_MS.next}\nevent: ${event}\ndata: ${JSON.stringify(view)}\n\n`)
    if (last) stream.end()
  },
  onError: () => stream.end(),
})

function keepOpen(
  stream: PassThrough,
  watch: Watch,
  open: Open,
  { heartbeatSeconds, reportOpenStreams }: Pick<EventRoute, 'heartbeatSeconds' | 'reportOpenStreams'>,
): void {
  const beat = setInterval(() => {
    watch.refresh()
    if (stream.readableLength + stream.writableLength > MAX_WAITING_BYTES) stream.destroy()
    else if (!stream.writableEnded) stream.write(':\n\n')
  }, heartbeatSeconds * 1000).unref()
  const longest = setTimeout(() => stream.end(), MAX_STREAM_MS).unref()
  reportOpenStreams(open.size)
  const close = () => {
    clearInterval(beat)
    clearTimeout(longest)
    watch.stop()
    open.delete(stream)
    reportOpenStreams(open.size)
  }
  if (stream.writableEnded) close()
  else stream.once('finish', close).once('close', () => open.has(stream) && close())
}
