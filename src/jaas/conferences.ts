import { ServiceFault } from '../service/fault.ts'
import { addJitter } from '../service/backoff.ts'
import type { Conferences } from '../service/consultations/ports.ts'

/** Access to the management endpoints of a JaaS account. */
export type Management = {
  /** `https://…` without a path. Management tokens are sent to this origin only. */
  origin: string
  appId: string
  /** Creates a short-lived token for one request to the endpoints. */
  createAdminToken: () => Promise<string>
}

/** How long a request may take, in milliseconds. */
const TIMEOUT_MS = 2000

/** The longest wait before the only retry, in milliseconds. */
const RETRY_MS = 300

/** Statuses of a gateway whose upstream did not answer (RFC 9110, sections 15.6.3 to 15.6.5). */
const GATEWAY_STATUSES = new Set([502, 503, 504])

/**
 * Creates a client of the JaaS management endpoints (8x8 "JaaS endpoints"). A ban only prevents logins, and a token
 * that was admitted recently may be admitted for five minutes more; so a user who is in the meeting must be kicked as
 * well.
 * @param timeoutMs how long each of at most two requests may take; a timeout is not retried
 */
export function createJaasConferences(
  { origin, appId, createAdminToken }: Management,
  timeoutMs = TIMEOUT_MS,
): Conferences {
  const post = (segments: readonly string[], body?: object): Promise<void> =>
    withServiceFault(async () => {
      const url = `${origin}/v1/_jaas/${segments.map(encodeSegment).join('/')}`
      await sendWithRetry(url, buildRequest(await createAdminToken(), body), timeoutMs)
    })
  const sendCommand = (action: string, room: string, rest: object = {}) =>
    post(['conference-commands', 'v1', 'meeting'], {
      action,
      payload: { conferenceFullName: `${room}@conference.${appId}.8x8.vc`, ...rest },
    })
  return {
    banUser: (userId) => post(['jaccess', 'v1', 'access-management', appId, 'ban', 'user', userId]),
    destroy: (room) => sendCommand('DESTROY', room),
    kick: (room, participantId) => sendCommand('KICK_PARTICIPANT', room, { participantId }),
  }
}

/** Throws any error as `conference-unavailable`. Its cause contains nothing of the request or the response. */
async function withServiceFault(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new ServiceFault('conference-unavailable', { cause })
  }
}

/**
 * URLs resolve `.` and `..` even if they are encoded (WHATWG URL, section 4.4), which would address another endpoint.
 */
function encodeSegment(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new Error('the id cannot be used in a path')
  return encodeURIComponent(text)
}

const buildRequest = (token: string, body: object | undefined): RequestInit => ({
  method: 'POST',
  redirect: 'error',
  headers: {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

/** The result of a request: its status or the reason why there is none, and whether a retry may succeed. */
type Outcome = { description: string; ok: boolean; isRetryable: boolean }

/** @throws Error with the status, or with the reason why there is none */
async function sendWithRetry(url: string, request: RequestInit, timeoutMs: number): Promise<void> {
  let outcome = await send(url, request, timeoutMs)
  if (outcome.isRetryable) {
    const waitMs = addJitter(RETRY_MS)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    outcome = await send(url, request, timeoutMs)
  }
  if (!outcome.ok) throw new Error(outcome.description)
}

async function send(url: string, request: RequestInit, timeoutMs: number): Promise<Outcome> {
  try {
    const { status, ok, body } = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) })
    // Only the status matters. The body may be long, so it is cancelled, and the cancellation is not awaited.
    body?.cancel().catch(() => undefined)
    return { description: `status ${status}`, ok, isRetryable: GATEWAY_STATUSES.has(status) }
  } catch (error) {
    // The message of an error may contain parts of the request. Network errors have a code; a timeout has none.
    const { name, cause } = error as Error
    const code = (cause as NodeJS.ErrnoException | undefined)?.code
    return { description: `no answer (${code ?? name})`, ok: false, isRetryable: code !== undefined }
  }
}
