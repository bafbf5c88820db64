import { setTimeout as wait } from 'node:timers/promises'
import type { Project } from './project.ts'

/** How an answer came out: its status, and of a problem the code and whether it says when to ask again. */
type Answer = { status: number; code?: string; retryAfter?: boolean; jti?: string; ms: number }

/** What became of the requests of a load. */
export type Outcome = {
  requests: number
  /** Answered with a token, sooner or later. */
  ok: number
  /** Asked more than once. */
  retried: number
  /** Never answered with a token. */
  failed: number
  /** How often each other answer came, tries included. */
  others: Record<string, number>
  slowestMs: number
  /** Ids of the tokens that were answered. */
  jtis: string[]
}

/** A client asks again after these times in milliseconds, and then gives up. */
export const PATIENT_CLIENT: readonly number[] = [200, 400, 800, 1600]

let asked = 0

/** Asks once. A connection that breaks has the status 0. */
export async function ask({ url, apiKey }: Project, headers: Record<string, string> = {}): Promise<Answer> {
  const began = performance.now()
  const number = ++asked
  const body = { roomId: `bharattelemed-${number}`, userId: `patient-${number}`, userName: 'Asha', userRole: 'patient' }
  const answer = await fetch(`${url}/api/jitsi/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => undefined)
  const text = await answer?.text().catch(() => undefined)
  const ms = performance.now() - began
  if (answer === undefined || text === undefined) return { status: 0, ms }
  if (answer.status === 200) return { status: 200, jti: jtiOf(text), ms }
  const code = /"code":"([a-z-]+)"/.exec(text)?.[1]
  return { status: answer.status, retryAfter: answer.headers.has('retry-after'), ms, ...(code && { code }) }
}

function jtiOf(text: string): string {
  const { token } = JSON.parse(text) as { token: string }
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return (JSON.parse(claims) as { jti: string }).jti
}

/**
 * Asks at a steady rate, whether answers come or not, until a piece of work is done.
 * @param pauses after which a client asks again; none for a client that never does
 */
export async function underLoad(
  project: Project,
  perSecond: number,
  pauses: readonly number[],
  work: () => Promise<unknown>,
): Promise<Outcome> {
  const outcome: Outcome = { requests: 0, ok: 0, retried: 0, failed: 0, others: {}, slowestMs: 0, jtis: [] }
  const underWay: Promise<void>[] = []
  const timer = setInterval(() => underWay.push(insist(project, pauses, outcome)), 1000 / perSecond)
  try {
    await work()
  } finally {
    clearInterval(timer)
    await Promise.all(underWay)
  }
  return outcome
}

async function insist(project: Project, pauses: readonly number[], outcome: Outcome): Promise<void> {
  const began = performance.now()
  outcome.requests += 1
  for (let tries = 1; ; tries += 1) {
    const { status, code, retryAfter, jti } = await ask(project)
    if (jti !== undefined) {
      outcome.ok += 1
      outcome.jtis.push(jti)
    } else {
      const kind = [status, code, retryAfter === true ? 'with Retry-After' : ''].filter(Boolean).join(' ') || 'broken'
      outcome.others[kind] = (outcome.others[kind] ?? 0) + 1
    }
    const pause = pauses[tries - 1]
    if (tries === 2) outcome.retried += 1
    if (jti !== undefined || pause === undefined) {
      if (jti === undefined) outcome.failed += 1
      outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - began)
      return
    }
    await wait(pause)
  }
}
