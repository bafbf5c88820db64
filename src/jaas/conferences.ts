import { ServiceFault } from '../service/fault.ts'
import { addJitter } from '../service/backoff.ts'
import type { Conferences } from '../service/consultations/ports.ts'

/** Where the management endpoints are, and whose account. */
export type Management = {
  /** The only place that ever gets a token: `https://…` without a path. */
  origin: string
  appId: string
  /** Makes a token that opens them, for one use at once. */
  administer: () => Promise<string>
}

/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 2000

/** How long to wait before the second try, in milliseconds; there is no third. */
const RETRY_MS = 300

/** What a gateway says where nobody behind it answered (RFC 9110, sections 15.6.3 to 15.6.5). */
const UNAVAILABLE = new Set([502, 503, 504])

/**
 * The management endpoints of JaaS (8x8 "JaaS endpoints"). A ban stops logins alone, and a token that was let in lately may
 * be let in for five minutes more: whoever is in the meeting has to be kicked too.
 * @param timeoutMs for each of two tries; what does not answer is not tried again
 */
export function createJaasConferences({ origin, appId, administer }: Management, timeoutMs = TIMEOUT_MS): Conferences {
  const post = (segments: readonly string[], body?: object): Promise<void> =>
    orUnavailable(async () => {
      const url = `${origin}/v1/_jaas/${segments.map(segment).join('/')}`
      await retryOnce(url, requestOf(await administer(), body), timeoutMs)
    })
  const command = (action: string, room: string, rest: object = {}) =>
    post(['conference-commands', 'v1', 'meeting'], {
      action,
      payload: { conferenceFullName: `${room}@conference.${appId}.8x8.vc`, ...rest },
    })
  return {
    banUser: (userId) => post(['jaccess', 'v1', 'access-management', appId, 'ban', 'user', userId]),
    destroy: (room) => command('DESTROY', room),
    kick: (room, participantId) => command('KICK_PARTICIPANT', room, { participantId }),
  }
}

/** Nothing of what was sent or came back is part of the fault. */
async function orUnavailable(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new ServiceFault('conference-unavailable', { cause })
  }
}

/** A URL resolves `.` and `..` even where they are encoded (WHATWG URL, section 4.4): they would name another endpoint. */
function segment(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new Error('an id that cannot stand in a path')
  return encodeURIComponent(text)
}

const requestOf = (token: string, body: object | undefined): RequestInit => ({
  method: 'POST',
  redirect: 'error',
  headers: {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
})

/** What came of requester: a status, or the reason why there is none; and whether asking again may help. */
type Outcome = { told: string; ok: boolean; mayPass: boolean }

/** Asks, and once more where that may help. @throws Error with the status, or why there is none */
async function retryOnce(url: string, request: RequestInit, timeoutMs: number): Promise<void> {
  let outcome = await ask(url, request, timeoutMs)
  if (outcome.mayPass) {
    const waitMs = addJitter(RETRY_MS)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    outcome = await ask(url, request, timeoutMs)
  }
  if (!outcome.ok) throw new Error(outcome.told)
}

async function ask(url: string, request: RequestInit, timeoutMs: number): Promise<Outcome> {
  try {
    const { status, ok, body } = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) })
    // The status says all; what follows may be long, and is not waited for.
    body?.cancel().catch(() => undefined)
    return { told: `status ${status}`, ok, mayPass: UNAVAILABLE.has(status) }
  } catch (error) {
    // The text of an error could hold what was sent. Faults of the network have a code; time that ran out has none.
    const { name, cause } = error as Error
    const code = (cause as NodeJS.ErrnoException | undefined)?.code
    return { told: `no answer (${code ?? name})`, ok: false, mayPass: code !== undefined }
  }
}
