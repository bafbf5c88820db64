import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { isDoneWithin } from './abort.ts'
import { TokenServiceError } from './http.ts'

/** The longest silence of a stream in milliseconds. The service sends a heartbeat every 25 seconds or more often. */
const MAX_SILENCE_MS = 60_000

/**
 * Reads a stream of server-sent events (HTML standard, section 9.2.6): any line ending, comments, a byte order mark,
 * `data` over several lines. Returns when the server closes the stream; an incomplete event is dropped.
 * @param onRetry receives the reconnection time of each `retry` field, in milliseconds
 * @throws the signal's reason as soon as it aborts, and TokenServiceError `unreachable` when the connection breaks or
 * is silent for 60 seconds
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
  onRetry: (ms: number) => void,
): AsyncGenerator<EventSourceMessage, void> {
  const reader = body.getReader()
  const messages: EventSourceMessage[] = []
  const feed = createFeed({ onEvent: (message) => messages.push(message), onRetry })
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const part = await readPart(reader, signal)
      feed(decoder.decode(part.value, { stream: !part.done }))
      for (const message of messages.splice(0)) {
        yield message
        signal?.throwIfAborted()
      }
      if (part.done) return
    }
  } finally {
    // Closes the connection when the consumer stops early. Not awaited: a slow close must not delay the consumer.
    void reader.cancel().catch(() => undefined)
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function readPart(reader: Reader, signal: AbortSignal | undefined): ReturnType<Reader['read']> {
  let part: Awaited<ReturnType<Reader['read']>> | undefined
  try {
    const read = reader.read().then((result) => void (part = result))
    await isDoneWithin(read, MAX_SILENCE_MS, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new TokenServiceError('unreachable', 'the connection of the event stream broke', { cause })
  }
  if (part === undefined) throw new TokenServiceError('unreachable', 'the event stream was silent for 60 seconds')
  return part
}

/**
 * Feeds a parser. The parser holds back a carriage return at the end of a chunk, because a line feed may follow; an
 * event that ends there would be delayed until the next chunk. So the line feed is added at once, and dropped if it
 * follows.
 */
function createFeed(callbacks: Parameters<typeof createParser>[0]): (chunk: string) => void {
  const parser = createParser(callbacks)
  let endedWithReturn = false
  return (chunk) => {
    if (chunk === '') return
    const text = endedWithReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk
    endedWithReturn = chunk.endsWith('\r')
    parser.feed(endedWithReturn ? `${text}\n` : text)
  }
}
