import type { MeetingConfig, MeetingConfigQuery } from '../contract/meeting-config.ts'
import type { FieldError, Problem, ProblemCode } from '../contract/problem.ts'
import type { TokenAnswer, TokenRequest } from '../contract/token.ts'

export type { FieldError, MeetingConfig, MeetingConfigQuery, ProblemCode, TokenAnswer, TokenRequest }

/** Where the service is, and who asks. */
export type ClientOptions = {
  /** Such as `https://tokens.example.org`; a path in front of the service's own paths is kept. */
  baseUrl: string
  /** The API key of a backend, or what gives the access token of a signed-in user; it is asked for each request. */
  credential: string | (() => string | Promise<string>)
  /** Another fetch, for tests or proxies. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How long an answer may take, in milliseconds; 10,000 when absent. */
  timeoutMs?: number
}

/**
 * What the service refused, or why it could not be asked.
 * `code` is one of the service's codes, or `unreachable` where no answer came, or `unexpected-answer` where something else
 * than the service answered. No message holds the credential or a part of the request.
 */
export class TokenServiceError extends Error {
  override name = 'TokenServiceError'
  readonly code: ProblemCode | 'unreachable' | 'unexpected-answer'
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** Names the request in the service's log and record. */
  readonly requestId: string | undefined
  /** The bad fields, by JSON pointer. */
  readonly errors: readonly FieldError[]
  /** Seconds to wait before asking again, where the service says so. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: TokenServiceError['code'],
    detail: string,
    more: {
      status?: number
      requestId?: string
      errors?: readonly FieldError[]
      retryAfterSeconds?: number
      cause?: unknown
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: more.cause })
    this.code = code
    this.status = more.status ?? 0
    this.requestId = more.requestId
    this.errors = more.errors ?? []
    this.retryAfterSeconds = more.retryAfterSeconds
  }
}

/** Asks the service for tokens. */
export type Client = {
  /**
   * Asks for a token.
   * @param request with an API key, who enters which room in which role; a signed-in user need name the room alone
   * @param options `signal` gives up when it fires; `onBehalfOf` names the person who caused the request, in 1 to 128
   *   printable ASCII characters, for the record
   * @throws TokenServiceError
   */
  issueToken(request: TokenRequest, options?: { signal?: AbortSignal; onBehalfOf?: string }): Promise<TokenAnswer>

  /**
   * Asks how a meeting looks and sounds for a role on a network: what `meeting` of an issued token holds for a good one.
   * @param query `network` is `good` where it is absent
   * @param options `signal` gives up when it fires
   * @throws TokenServiceError
   */
  meetingConfig(query: MeetingConfigQuery, options?: { signal?: AbortSignal }): Promise<MeetingConfig>
}

/** Makes a client; it keeps no state and may be used by many at once. */
export function createClient({
  baseUrl,
  credential,
  fetch = globalThis.fetch,
  timeoutMs = 10_000,
}: ClientOptions): Client {
  const base = `${baseUrl.replace(/\/+$/, '')}/api/jitsi`
  const ask = async <T>(path: string, init: RequestInit, signal: AbortSignal | undefined, is: Check<T>): Promise<T> => {
    const bearer = typeof credential === 'string' ? credential : await credential()
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(`${base}${path}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${bearer}` },
        // A redirect would carry the credential to wherever it points.
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      return await read(response, is)
    } catch (cause) {
      if (cause instanceof TokenServiceError) throw cause
      throw new TokenServiceError('unreachable', 'the token service gave no answer', { cause })
    }
  }
  return {
    async issueToken(request, { signal, onBehalfOf } = {}) {
      const headers = {
        'content-type': 'application/json',
        ...(onBehalfOf === undefined ? {} : { 'x-on-behalf-of': onBehalfOf }),
      }
      return ask('/token', { method: 'POST', headers, body: JSON.stringify(request) }, signal, isTokenAnswer)
    },
    meetingConfig: (query, { signal } = {}) =>
      ask(`/meeting-config?${new URLSearchParams(query).toString()}`, { method: 'GET' }, signal, isMeetingConfig),
  }
}

type Check<T> = (body: unknown) => body is T

/** One member each: enough to tell the service from what else may stand at the address. */
const isTokenAnswer = (body: unknown): body is TokenAnswer => isObject(body) && typeof body['token'] === 'string'
const isMeetingConfig = (body: unknown): body is MeetingConfig => isObject(body) && isObject(body['configOverwrite'])

async function read<T>(response: Response, is: Check<T>): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && is(body)) return body
  if (!response.ok && isObject(body) && typeof body['code'] === 'string') throw refusal(response, body as Problem)
  throw new TokenServiceError('unexpected-answer', 'something else than the token service answered', {
    status: response.status,
  })
}

function refusal(response: Response, { code, detail, requestId, errors }: Problem): TokenServiceError {
  const retryAfter = response.headers.get('retry-after')
  return new TokenServiceError(code, detail, {
    status: response.status,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }),
  })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
