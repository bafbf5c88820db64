import type { FieldError, Problem, ProblemCode } from '../contract/problem.ts'
import type { TokenAnswer, TokenRequest } from '../contract/token.ts'

export type { FieldError, ProblemCode, TokenAnswer, TokenRequest }

/** Where the service is, and who asks. */
export type ClientOptions = {
  /** Such as `https://tokens.example.org`; a path in front of the service's own paths is kept. */
  baseUrl: string
  /** `jts_<caller id>_<43 characters>`. */
  apiKey: string
  /** Another fetch, for tests or proxies. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** How long an answer may take, in milliseconds; 10,000 when absent. */
  timeoutMs?: number
}

/**
 * What the service refused, or why it could not be asked.
 * `code` is one of the service's codes, or `unreachable` where no answer came, or `unexpected-answer` where something else
 * than the service answered. No message holds the API key or a part of the request.
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
   * @param signal gives up when it fires
   * @throws TokenServiceError
   */
  issueToken(request: TokenRequest, signal?: AbortSignal): Promise<TokenAnswer>
}

/** Makes a client; it keeps no state and may be used by many at once. */
export function createClient({ baseUrl, apiKey, fetch = globalThis.fetch, timeoutMs = 10_000 }: ClientOptions): Client {
  const url = `${baseUrl.replace(/\/+$/, '')}/api/jitsi/token`
  return {
    async issueToken(request, signal) {
      const timeout = AbortSignal.timeout(timeoutMs)
      const init: RequestInit = {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        // A redirect would carry the API key to wherever it points.
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      }
      try {
        return await read(await fetch(url, init))
      } catch (cause) {
        if (cause instanceof TokenServiceError) throw cause
        throw new TokenServiceError('unreachable', 'the token service gave no answer', { cause })
      }
    },
  }
}

async function read(response: Response): Promise<TokenAnswer> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && isObject(body) && typeof body['token'] === 'string') return body as TokenAnswer
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
