import type { Refusal } from '../../contract/problem.ts'
import type { BrowserSession } from './ports.ts'

/**
 * Chooses the session of a browser that presents no code.
 * @param sessions the live sessions of the browser, the latest first
 * @param consultationId the consultation that the browser asks for; may be absent if it is bound to one only
 * @returns the session; `no-visit` without one; `invalid-request` if there are sessions of several consultations
 */
export function chooseSession(
  sessions: readonly BrowserSession[],
  consultationId: string | undefined,
): BrowserSession | Refusal {
  const [latest, ...others] = sessions.filter((each) => each.consultationId === (consultationId ?? each.consultationId))
  if (latest === undefined) return { code: 'no-visit' }
  return others.every((each) => each.consultationId === latest.consultationId) ? latest : SEVERAL
}

const SEVERAL: Refusal = {
  code: 'invalid-request',
  errors: [
    { pointer: '/consultationId', message: 'is missing: this browser has several visits, see GET /api/jitsi/visits' },
  ],
}
