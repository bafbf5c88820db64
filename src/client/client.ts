import type { MeetingConfig, MeetingConfigQuery } from '../contract/meetings/meeting-config.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../contract/tokens/token.ts'
import { createRequester, type Check, type ClientOptions, isObject, isOutcome, TokenServiceError } from './http.ts'
import { accessClient, type AccessClient } from './access.ts'
import { type VisitClient, visitClient } from './visits.ts'
import { waitForAdmission } from './admission.ts'
import { type ConsultationClient, consultationClient } from './consultations.ts'

export type { ClientOptions } from './http.ts'
export { TokenServiceError } from './http.ts'
export type { AccessClient } from './access.ts'
export type { ConsultationClient } from './consultations.ts'
export type { VisitClient } from './visits.ts'
export type { ConsultationEvent, EventOptions } from './events.ts'
export type { MeetingConfig, MeetingConfigQuery, TokenAnswer, TokenRequest, WaitingAnswer }

/** Options of a request: an aborted `signal` rejects it at once with the code `unreachable`. */
type Options = { signal?: AbortSignal }

/** `onBehalfOf` names the person who caused the request, in 1 to 255 printable ASCII characters without spaces. */
type TokenOptions = Options & { onBehalfOf?: string }

/** A client of the service. Every method throws TokenServiceError. */
export type Client = ConsultationClient &
  AccessClient &
  VisitClient & {
    /**
     * Requests a token. Throws `waiting` when the participant must be admitted first.
     * @param request with an API key: the user, the room and the role; a signed-in user needs the room only
     */
    issueToken(request: TokenRequest, options?: TokenOptions): Promise<TokenAnswer>

    /** Requests a token. Returns a WaitingAnswer when the participant must be admitted first. */
    enter(request: TokenRequest, options?: TokenOptions): Promise<TokenAnswer | WaitingAnswer>

    /**
     * Requests a token and waits until the doctor admits the participant. Follows the events of the consultation, and
     * sends the request again every few seconds in case no events arrive.
     * @param options `onWaiting` is called once, when the participant starts to wait
     * @throws TokenServiceError also when the consultation ends, is cancelled, or the participant is removed
     */
    enterWhenAdmitted(
      request: TokenRequest,
      options?: TokenOptions & { onWaiting?: (waiting: WaitingAnswer) => void },
    ): Promise<TokenAnswer>

    /** Replaces a token that is about to expire or expired at most ten minutes ago. The token is the credential. */
    renewToken(token: string, options?: Options): Promise<TokenAnswer>

    /**
     * Reads the meeting configuration of a role on a network. A token answer contains the one for a good network.
     * @param query `network` is `good` by default
     */
    meetingConfig(query: MeetingConfigQuery, options?: Options): Promise<MeetingConfig>
  }

/** Creates a client. It holds no state, so one client may send any number of requests at the same time. */
export function createClient(options: ClientOptions): Client {
  const { pollMs = 3000 } = options
  const send = createRequester(options)
  const enter: Client['enter'] = (request, { signal, onBehalfOf } = {}) => {
    const headers: Record<string, string> = onBehalfOf === undefined ? {} : { 'x-on-behalf-of': onBehalfOf }
    return send('/token', { method: 'POST', body: request, headers, signal }, isOutcome)
  }
  return {
    ...consultationClient(send),
    ...accessClient(send),
    ...visitClient(send),
    enter,
    issueToken: async (request, given) => tokenOf(await enter(request, given)),
    async enterWhenAdmitted(request, { onWaiting, ...given } = {}) {
      const first = await enter(request, given)
      if ('token' in first) return first
      onWaiting?.(first)
      const enterAgain = () => enter(request, given)
      return waitForAdmission(send, first.consultationId, enterAgain, { pollMs, signal: given.signal })
    },
    renewToken: async (token, { signal } = {}) =>
      tokenOf(await send('/token/renew', { method: 'POST', body: { token }, signal }, isOutcome)),
    meetingConfig: (query, { signal } = {}) =>
      send(`/meeting-config?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isMeetingConfig),
  }
}

/** @throws TokenServiceError `waiting` */
function tokenOf(outcome: TokenAnswer | WaitingAnswer): TokenAnswer {
  if ('token' in outcome) return outcome
  throw new TokenServiceError('waiting', 'the doctor must admit the participant first', { status: 202 })
}

const isMeetingConfig: Check<MeetingConfig> = (body): body is MeetingConfig =>
  isObject(body) && isObject(body['configOverwrite'])
