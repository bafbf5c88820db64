import type { FieldError, Problem, ProblemCode } from '../contract/problem.ts'
import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'

/** Where the service is, and who asks. */
export type ClientOptions = {
  /** Such as `https://tokens.example.org`; a path in front of the service's own paths is kept. */
  baseUrl: string
  /** The API key of a backend, or what gives the access token of a signed-in user; it is asked for each request. Absent
   * for whoever has an invitation or a token alone. */
  credential?: string | (() => string | Promise<string>) | undefined
  /** Another fetch, for tests or proxies. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How long an answer may take, in milliseconds; 10,000 when absent. */
  timeoutMs?: number
}

/**
 * What the service refused, or why it could not be asked.
 * `code` is one of the service's codes, or `waiting` for who has to be admitted first, `unreachable` where no answer came, or `unexpected-answer` where something else
 * than the service answered. No message holds the credential or a part of the request.
 */
export class TokenServiceError extends Error {
  override name = 'TokenServiceError'
  readonly code: ProblemCode | 'waiting' | 'unreachable' | 'unexpected-answer'
  /** The HTTP status; 0 where no answer came. */
  readonly status: number
  /** Names the request in the service's log and record. */
  readonly requestId: string | undefined
  /** The bad fields, by JSON pointer. */
  readonly errors: readonly FieldError[]
  /** Seconds to wait before asking again, where the service says so. */
  readonly retryAfterSeconds: number | undefined
  /** When the door opens, with `too-early`: ISO 8601. */
  readonly opensAt: string | undefined

  constructor(
    code: TokenServiceError['code'],
    detail: string,
    more: {
      status?: number
      requestId?: string
      errors?: readonly FieldError[]
      retryAfterSeconds?: number
      opensAt?: string
      cause?: unknown
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: more.cause })
    this.code = code
    this.status = more.status ?? 0
    this.requestId = more.requestId
    this.errors = more.errors ?? []
    this.retryAfterSeconds = more.retryAfterSeconds
    this.opensAt = more.opensAt
  }
}

/** A request beside its path: `body` is sent as JSON. */
export type RequestOptions = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: object
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Asks the service. */
export type SendRequest = {
  /** @throws TokenServiceError */
  <T>(path: string, sent: RequestOptions, is: Check<T>): Promise<T>
  /** The answer as it comes, for streams: no time limit but the signal. @throws TokenServiceError */
  open(path: string, sent: RequestOptions): Promise<Response>
}

/** Makes what asks; it keeps no state. */
export function createRequester({
  baseUrl,
  credential,
  fetch = globalThis.fetch,
  timeoutMs = 10_000,
}: ClientOptions): SendRequest {
  const base = `${baseUrl.replace(/\/+$/, '')}/api/jitsi`
  const send = async (path: string, { method, body, headers = {}, signal }: RequestOptions): Promise<Response> => {
    const bearer = typeof credential === 'function' ? await credential() : credential
    return fetch(`${base}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would carry the credential to wherever it points.
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
    })
  }
  const ask = async <T>(path: string, sent: RequestOptions, is: Check<T>): Promise<T> => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = sent.signal === undefined ? timeout : AbortSignal.any([sent.signal, timeout])
    return fetchResponse(async () => read(await send(path, { ...sent, signal }), is))
  }
  const open = (path: string, sent: RequestOptions) =>
    fetchResponse(async () => {
      const response = await send(path, sent)
      return response.ok ? response : read<Response>(response, (_body): _body is Response => false)
    })
  return Object.assign(ask, { open })
}

async function fetchResponse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof TokenServiceError) throw cause
    throw new TokenServiceError('unreachable', 'the token service gave no answer', { cause })
  }
}

/** Tells the service's answer from what else may stand at the address. */
export type Check<T> = (body: unknown) => body is T

async function read<T>(response: Response, is: Check<T>): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && is(body)) return body
  if (!response.ok && isObject(body) && typeof body['code'] === 'string') throw toError(response, body as Problem)
  throw new TokenServiceError('unexpected-answer', 'something else than the token service answered', {
    status: response.status,
  })
}

function toError(response: Response, { code, detail, requestId, errors, opensAt }: Problem): TokenServiceError {
  const retryAfter = response.headers.get('retry-after')
  return new TokenServiceError(code, detail, {
    status: response.status,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }),
  })
}

/** Whether a value is an object with members. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** What comes of entering. One member each is enough to tell the service from what else may stand at the address. */
export const isOutcome: Check<TokenAnswer | WaitingAnswer> = (body): body is TokenAnswer | WaitingAnswer =>
  isObject(body) && (typeof body['token'] === 'string' || body['state'] === 'waiting')
