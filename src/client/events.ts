import type { ConsultationView, EventName } from '../contract/consultations/waiting-room.ts'
import { pause } from './abort.ts'
import { readEventStream } from './event-stream.ts'
import { type SendRequest, TokenServiceError } from './http.ts'

/** An event of a consultation, and the consultation after it. */
export type ConsultationEvent = { event: EventName; view: ConsultationView }

/** The reconnection time in milliseconds until the server sends a `retry` field. */
const DEFAULT_RETRY_MS = 3000

/** The longest reconnection time in milliseconds; timers of more than 24.8 days fire at once. */
const MAX_RETRY_MS = 3_600_000

/** After one of these events the server sends nothing more. */
const LAST_EVENTS: ReadonlySet<EventName> = new Set(['ended', 'cancelled', 'removed'])

export type EventOptions = {
  signal?: AbortSignal | undefined
  /**
   * Is called with the reason each time the stream is interrupted, before the client waits and connects again. A page
   * can then show that it is offline; the next event shows that it is online again.
   */
  onInterrupted?: ((error: TokenServiceError) => void) | undefined
}

/**
 * Yields the events of a consultation until the last one, or until the signal aborts. Connects again after the
 * reconnection time when the stream ends, breaks or is silent for 60 seconds before; the first event of each connection
 * is the current state.
 * @throws TokenServiceError when the first connection fails, the service refuses a later one, or the data of an event
 * is invalid
 */
export async function* streamEvents(
  send: SendRequest,
  id: string,
  { signal, onInterrupted }: EventOptions,
): AsyncGenerator<ConsultationEvent, void> {
  let retryMs = DEFAULT_RETRY_MS
  const onRetry = (ms: number) => void (retryMs = Math.min(ms, MAX_RETRY_MS))
  try {
    for (let isConnected = false; ;) {
      let interruption = new TokenServiceError('unreachable', 'the event stream ended early')
      try {
        const body = await openStream(send, id, signal)
        isConnected = true
        for await (const { event, data } of readEventStream(body, signal, onRetry)) {
          // Every event of the service has a name; one without a name is from a proxy.
          if (event === undefined) continue
          const parsed = parseEvent(event, data)
          yield parsed
          if (LAST_EVENTS.has(parsed.event)) return
        }
      } catch (error) {
        if (!isConnected || !isTemporary(error)) throw error
        interruption = error
      }
      signal?.throwIfAborted()
      onInterrupted?.(interruption)
      await pause(Math.max(retryMs, (interruption.retryAfterSeconds ?? 0) * 1000), signal)
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

async function openStream(
  send: SendRequest,
  id: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const response = await send.open(`/consultations/${id}/events`, { method: 'GET', signal })
  const type = response.headers.get('content-type') ?? ''
  if (response.body !== null && /^text\/event-stream(?:;|$)/i.test(type)) return response.body
  await response.body?.cancel()
  throw new TokenServiceError('unexpected-answer', 'the answer is not an event stream', { status: response.status })
}

/** Whether the same request may succeed later: no connection, too many requests, or an error of a server. */
const isTemporary = (error: unknown): error is TokenServiceError =>
  error instanceof TokenServiceError && (error.status === 0 || error.status === 429 || error.status >= 500)

function parseEvent(event: string, data: string): ConsultationEvent {
  try {
    return { event: event as EventName, view: JSON.parse(data) as ConsultationView }
  } catch (cause) {
    throw new TokenServiceError('unexpected-answer', 'the data of an event is not JSON', { status: 200, cause })
  }
}
