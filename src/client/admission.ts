import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import { never, isDoneWithin } from './abort.ts'
import { streamEvents } from './events.ts'
import { type SendRequest, TokenServiceError } from './http.ts'

/**
 * Waits until the participant is admitted, and returns the token. Sends the token request again after each event of the
 * consultation, and every `pollMs`, because a proxy may hold events back.
 * @param enter sends the token request
 * @param pollMs how often to send it without events, in milliseconds
 * @throws TokenServiceError when the service refuses the token, or `unreachable` as soon as the signal aborts
 */
export async function waitForAdmission(
  send: SendRequest,
  consultationId: string,
  enter: () => Promise<TokenAnswer | WaitingAnswer>,
  { pollMs, signal }: { pollMs: number; signal: AbortSignal | undefined },
): Promise<TokenAnswer> {
  const stop = new AbortController()
  const streamSignal = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const events = streamEvents(send, consultationId, { signal: streamSignal })
  // Without events, only the time limit triggers the next request.
  const readNext = () => events.next().then(({ done }) => (done === true ? never() : undefined), never)
  let change = readNext()
  try {
    for (;;) {
      if (await isDoneWithin(change, pollMs, signal)) change = readNext()
      const outcome = await enter()
      if ('token' in outcome) return outcome
    }
  } catch (cause) {
    if (cause instanceof TokenServiceError) throw cause
    throw new TokenServiceError('unreachable', 'the caller aborted the request', { cause })
  } finally {
    stop.abort()
  }
}
