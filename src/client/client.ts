import type { MeetingConfig, MeetingConfigQuery } from '../contract/meetings/meeting-config.ts'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../contract/tokens/token.ts'
import { createRequester, type Check, type ClientOptions, isObject, isOutcome, TokenServiceError } from './http.ts'
import { type ConsultationClient, consultationClient } from './consultations.ts'
import { waitForAdmission } from './events.ts'
import { visitorClient, type VisitorClient } from './visitors.ts'

export type { ClientOptions } from './http.ts'
export { TokenServiceError } from './http.ts'
export type { ConsultationClient } from './consultations.ts'
export type { VisitorClient } from './visitors.ts'
export type { MeetingConfig, MeetingConfigQuery, TokenAnswer, TokenRequest, WaitingAnswer }

/** How a request is made: `signal` gives up when it fires. */
type Options = { signal?: AbortSignal }

/** Beside it, `onBehalfOf` names the person who caused the request, in 1 to 128 printable ASCII characters. */
type TokenOptions = Options & { onBehalfOf?: string }

/** Asks the service. Every method throws TokenServiceError. */
export type Client = ConsultationClient &
  VisitorClient & {
    /**
     * Asks for a token; whoever has to wait to be admitted gets the error `waiting`.
     * @param request with an API key, who enters which room in which role; a signed-in user need name the room alone
     */
    issueToken(request: TokenRequest, options?: TokenOptions): Promise<TokenAnswer>

    /** The same, where waiting is an answer. */
    enter(request: TokenRequest, options?: TokenOptions): Promise<TokenAnswer | WaitingAnswer>

    /**
     * Asks for a token, and waits until the doctor admits: told by events, or, where those cannot pass, by requester every few
     * seconds.
     * @param options `onWaiting` is told once that there is nothing but to wait
     * @throws TokenServiceError also when the consultation ends, is cancelled, or the person is removed meanwhile
     */
    enterWhenAdmitted(
      request: TokenRequest,
      options?: TokenOptions & { onWaiting?: (waiting: WaitingAnswer) => void },
    ): Promise<TokenAnswer>

    /** Asks for a token in the place of one that runs out, or did so at most ten minutes ago. It is the credential. */
    renewToken(token: string, options?: Options): Promise<TokenAnswer>

    /**
     * Asks how a meeting looks and sounds for a role on a network: what `meeting` of an issued token holds for a good one.
     * @param query `network` is `good` where it is absent
     */
    meetingConfig(query: MeetingConfigQuery, options?: Options): Promise<MeetingConfig>
  }

/** Makes a client; it keeps no state and may be used by many at once. */
export function createClient(options: ClientOptions): Client {
  const ask = createRequester(options)
  const enter: Client['enter'] = (request, { signal, onBehalfOf } = {}) => {
    const headers: Record<string, string> = onBehalfOf === undefined ? {} : { 'x-on-behalf-of': onBehalfOf }
    return ask('/token', { method: 'POST', body: request, headers, signal }, isOutcome)
  }
  return {
    ...consultationClient(ask),
    ...visitorClient(ask),
    enter,
    issueToken: async (request, given) => tokenOf(await enter(request, given)),
    async enterWhenAdmitted(request, { onWaiting, ...given } = {}) {
      const first = await enter(request, given)
      if ('token' in first) return first
      onWaiting?.(first)
      return waitForAdmission(ask, first.consultationId, () => enter(request, given), given.signal)
    },
    renewToken: async (token, { signal } = {}) =>
      tokenOf(await ask('/token/renew', { method: 'POST', body: { token }, signal }, isOutcome)),
    meetingConfig: (query, { signal } = {}) =>
      ask(`/meeting-config?${new URLSearchParams(query).toString()}`, { method: 'GET', signal }, isMeetingConfig),
  }
}

/** @throws TokenServiceError `waiting` */
function tokenOf(outcome: TokenAnswer | WaitingAnswer): TokenAnswer {
  if ('token' in outcome) return outcome
  throw new TokenServiceError('waiting', 'the doctor has to admit this person first', { status: 202 })
}

const isMeetingConfig: Check<MeetingConfig> = (body): body is MeetingConfig =>
  isObject(body) && isObject(body['configOverwrite'])
