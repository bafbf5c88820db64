import { expect } from 'vitest'
import type { InvitationAnswer } from '../../src/contract/invitation.ts'
import { type Ask, MINUTE_MS, VISIT, type Visits } from './consultations.ts'

/** When the consultations of the kit begin, and when nobody may enter them any more, in epoch milliseconds. */
export const START = Date.parse(VISIT.startsAt)
export const CLOSES_AT = START + (VISIT.durationMinutes + 30) * MINUTE_MS

/** Where people find the page that links lead to. */
export const PUBLIC = { PUBLIC_URL: 'https://visits.example.org' }

/** What comes of a code that does not work. */
export const INVALID = { status: 403, body: { code: 'invitation-invalid' } }

/** What a browser sends from a page of the service itself. */
export const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' }

/** A browser: it keeps the cookie that it was given last. */
export function browserOf(nobody: Ask) {
  let cookie: string | undefined
  return {
    cookie: () => cookie,
    async redeem(code: string | undefined, more: object = { displayName: 'Asha Rao' }) {
      const answer = await nobody<Redeemed>(
        'POST',
        '/invitations/redeem',
        { code, ...more },
        { ...(cookie === undefined ? {} : { cookie }), ...SAME_ORIGIN },
      )
      const given = answer.headers['set-cookie']
      if (typeof given === 'string') cookie = given.split(';')[0]
      return answer
    },
  }
}

type Redeemed = Record<string, unknown> & { token: string; code: string }

export type Made = InvitationAnswer & { code: string }

/** A consultation with an invitation to it. */
export async function invite({ desk, visit }: Visits, request: object = { role: 'patient' }, change: object = {}) {
  const consultation = await visit(change)
  const path = `/consultations/${consultation.id}/invitations`
  const made = await desk<Made>('POST', path, request)
  expect(made.status).toBe(201)
  return { consultation, path, invitation: made.body, code: made.body.code }
}
