import type { FieldError, Problem, ProblemCode } from '../contract/problem.ts'
import type { TokenAnswer, WaitingAnswer } from '../contract/tokens/token.ts'
import { untilAborted } from './abort.ts'

/** The address of the service and the credential. */
export type ClientOptions = {
  /** For example `https://tokens.example.org`. A path in it is prefixed to the paths of the service. */
  baseUrl: string
  /**
   * The API key of a backend, or a function that returns the access token of a signed-in user and is called for each
   * request. Absent if an invitation or a token is the only credential.
   */
  credential?: string | (() => string | Promise<string>) | undefined
  /** Replaces the global fetch, for tests and proxies. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** The time limit of a request, in milliseconds; 10,000 by default. An event stream must begin within it. */
  timeoutMs?: number
  /**
   * How often `enterWhenAdmitted` sends its request again while no event arrives, in milliseconds; 3,000 by default.
   */
  pollMs?: number
}

/**
 * The service refused the request, or gave no answer. `code` is a problem code of the service, `waiting` (the
 * participant must be admitted first), `unreachable` (no answer, a time limit, or an aborted signal: see `cause`) or
 * `unexpected-answer` (something other than the service answered). The message never contains the credential or a part
 * of the request.
 */
export class TokenServiceError extends Error {
  override name = 'TokenServiceError'
  readonly code: ProblemCode | 'waiting' | 'unreachable' | 'unexpected-answer'
  /** The HTTP status; 0 without an answer. */
  readonly status: number
  /** The id of the request in the log and the audit record of the service. */
  readonly requestId: string | undefined
  /** The invalid fields, each with a JSON pointer. */
  readonly errors: readonly FieldError[]
  /** Seconds to wait before the next request, if the answer contains them. */
  readonly retryAfterSeconds: number | undefined
  /** With `too-early`: when the admission window opens, in ISO 8601. */
  readonly opensAt: string | undefined
  /** With `invitation-invalid`: why the code does not work. */
  readonly reason: Problem['reason']

  constructor(
    code: TokenServiceError['code'],
    detail: string,
    more: {
      status?: number
      requestId?: string
      errors?: readonly FieldError[]
      retryAfterSeconds?: number
      opensAt?: string
      reason?: Problem['reason']
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
    this.reason = more.reason
  }
}

/** A request without its path; `body` is sent as JSON. */
export type RequestOptions = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: object
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Sends a request to the service. An aborted signal rejects at once, whatever fetch or the credential waits for. */
export type SendRequest = {
  /** @throws TokenServiceError */
  <T>(path: string, options: RequestOptions, is: Check<T>): Promise<T>
  /** Returns the response unread, for streams; the time limit applies until it begins. @throws TokenServiceError */
  open(path: string, options: RequestOptions): Promise<Response>
}

/** Creates the function that sends requests; it holds no state. */
export function createRequester({
  baseUrl,
  credential,
  fetch = globalThis.fetch,
  timeoutMs = 10_000,
}: ClientOptions): SendRequest {
  const base = `${baseUrl.replace(/\/+$/, '')}/api/jitsi`
  const fetchPath = async (path: string, { method, body, headers = {}, signal }: RequestOptions): Promise<Response> => {
    signal?.throwIfAborted()
    const bearer = typeof credential === 'function' ? await credential() : credential
    return fetch(`${base}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would send the credential to another address.
      redirect: 'error',
      // A browser then keeps and sends the cookie of a visit, also if the service has another origin than the page.
      credentials: 'include',
      ...(signal === undefined ? {} : { signal }),
    })
  }
  const send = async <T>(path: string, options: RequestOptions, is: Check<T>): Promise<T> => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    return withClientErrors(async () => readBody(await fetchPath(path, { ...options, signal }), is), signal)
  }
  const open = async (path: string, options: RequestOptions) => {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new DOMException('no answer in time', 'TimeoutError')), timeoutMs)
    const signal = options.signal === undefined ? limit.signal : AbortSignal.any([options.signal, limit.signal])
    const work = async () => {
      const response = await fetchPath(path, { ...options, signal })
      return response.ok ? response : readBody<Response>(response, (_body): _body is Response => false)
    }
    return withClientErrors(work, signal).finally(() => clearTimeout(timer))
  }
  return Object.assign(send, { open })
}

/** Turns every error into a TokenServiceError, and rejects as soon as the signal aborts. */
async function withClientErrors<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await untilAborted(work(), signal)
  } catch (cause) {
    if (cause instanceof TokenServiceError) throw cause
    throw new TokenServiceError('unreachable', 'the token service gave no answer', { cause })
  }
}

/** Distinguishes an answer of the service from an answer of something else at its address. */
export type Check<T> = (body: unknown) => body is T

async function readBody<T>(response: Response, is: Check<T>): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && is(body)) return body
  if (!response.ok && isObject(body) && typeof body['code'] === 'string') throw toError(response, body as Problem)
  throw new TokenServiceError('unexpected-answer', 'something other than the token service answered', {
    status: response.status,
  })
}

function toError(response: Response, { code, detail, requestId, errors, opensAt, reason }: Problem): TokenServiceError {
  const retryAfter = response.headers.get('retry-after')
  return new TokenServiceError(code, detail, {
    status: response.status,
    requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }),
  })
}

/** @returns the headers of a request that may be repeated; none without a key */
export const idempotencyHeader = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { 'idempotency-key': key }

/** Whether a value is an object with properties. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The answer to a token request. One property each is enough to distinguish it from another server's answer. */
export const isOutcome: Check<TokenAnswer | WaitingAnswer> = (body): body is TokenAnswer | WaitingAnswer =>
  isObject(body) && (typeof body['token'] === 'string' || body['state'] === 'waiting')
