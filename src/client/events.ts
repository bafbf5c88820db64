import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import type { ConsultationView, EventName } from '../contract/consultations/waiting-room.ts'
import { type SendRequest, TokenServiceError } from './http.ts'

/** Something that happened to a consultation, and how it stands since. */
export type ConsultationEvent = { event: EventName; view: ConsultationView }

/** How long to wait before asking again, where events cannot pass. */
const POLL_MS = 3000

/**
 * Listens to a consultation until it is over, the signal fires or the connection ends.
 * @throws TokenServiceError
 */
export async function* streamEvents(
  ask: SendRequest,
  id: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ConsultationEvent> {
  const { body } = await ask.open(`/consultations/${id}/events`, { method: 'GET', signal })
  if (body === null) return
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      text += value
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) yield* eventIn(block)
    }
  } finally {
    // Whoever stops listening ends the connection too.
    await reader.cancel().catch(() => undefined)
  }
}

function* eventIn(block: string): Generator<ConsultationEvent> {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
  const [event, data] = [field('event'), field('data')]
  if (event === undefined || data === undefined) return
  yield { event: event as EventName, view: JSON.parse(data) as ConsultationView }
}

/**
 * Waits to be admitted, and enters then. Each event is a reason to ask again, and so is time, for events may be held up.
 * @param enter asks for the token; it refuses whoever waits in vain
 */
export async function waitForAdmission(
  ask: SendRequest,
  id: string,
  enter: () => Promise<TokenAnswer | WaitingAnswer>,
  signal: AbortSignal | undefined,
): Promise<TokenAnswer> {
  const listening = new AbortController()
  const whole = signal === undefined ? listening.signal : AbortSignal.any([signal, listening.signal])
  const changes = changesOf(ask, id, whole)
  try {
    for (;;) {
      await Promise.race([changes.next(), pause(POLL_MS, whole)])
      if (signal?.aborted === true) throw new TokenServiceError('unreachable', 'nobody waits any more')
      const outcome = await enter()
      if ('token' in outcome) return outcome
    }
  } finally {
    listening.abort()
  }
}

/** Tells that something changed; once events have failed, only time tells. */
function changesOf(ask: SendRequest, id: string, signal: AbortSignal): { next(): Promise<void> } {
  const events = streamEvents(ask, id, signal)
  let waiting: Promise<void> | undefined
  const listen = async () => {
    const { done } = await events.next()
    if (done === true) throw new Error('the events have ended')
  }
  return {
    next() {
      const current = (waiting ??= listen())
      return current.then(
        () => void (waiting = undefined),
        () => new Promise<void>(() => undefined),
      )
    },
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
