import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { NOW, openService, type Service, UNLIMITED } from '../kit.ts'
import { asking, type Ask, DESK, VISIT, visitPolicy } from '../support/consultations.ts'
import type { ConsultationAnswer } from '../../src/contract/consultations/consultation-answer.ts'
import type { Made } from '../support/invitations.ts'
import { listenOnFreePort } from '../support/ports.ts'
import { openGateway } from './gateway.ts'

/** The host of the service, and those of pages: of the same site, of another site, and not listed in CORS_ORIGINS. */
const HOST = 'tokens.visits.test'
const PORTAL_HOST = 'portal.visits.test'
const FOREIGN_HOST = 'portal.clinic.test'

export const PATIENT = { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' }
export const DOCTOR = { role: 'doctor', userId: VISIT.doctorId, name: 'Dr. Meera Iyer' }

export type Site = {
  service: Service
  /** What the service takes for now, in epoch milliseconds. */
  time: { now: number }
  desk: Ask
  /** The origin of the service. */
  origin: string
  /** The origin of the page that links lead to: another origin of the same site. */
  portal: string
  /** A listed origin of another site. */
  foreign: string
  /** @returns the origin of a host, which is not listed */
  originOf(host: string): string
  /** Makes a consultation with a waiting room, whose window is open. */
  visit(change?: object): Promise<ConsultationAnswer>
  /** Invites to a consultation. @returns the invitation, with its link and code */
  invite(id: string, request?: object): Promise<Made & { link: string }>
}

/** The production app on a free port behind a reverse proxy with TLS, and pages of several origins. */
export async function openSite(env: Record<string, string> = {}): Promise<Site> {
  const gateway = await openGateway(HOST)
  onTestFinished(() => gateway.close())
  const [portal, foreign] = [gateway.originOf(PORTAL_HOST), gateway.originOf(FOREIGN_HOST)]
  const time = { now: NOW }
  const service = await openService(
    {
      ...UNLIMITED,
      PUBLIC_URL: portal,
      CORS_ORIGINS: `${portal},${foreign}`,
      EVENTS_HEARTBEAT_SECONDS: '1',
      ...env,
    },
    () => ({ clock: () => time.now }),
    visitPolicy(),
  )
  onTestFinished(() => service.close())
  gateway.forwardTo(`http://127.0.0.1:${await listenOnFreePort(service)}`)
  const desk = asking(service.app, DESK.apiKey)
  const create = async <T>(path: string, request: object): Promise<T> => {
    const answer = await desk<T>('POST', path, request)
    expect(answer).toMatchObject({ status: 201 })
    return answer.body
  }
  return {
    service,
    time,
    desk,
    origin: gateway.originOf(HOST),
    portal,
    foreign,
    originOf: gateway.originOf,
    visit: (change) => {
      const { startsAt: _startsNow, ...visit } = VISIT
      return create('/consultations', { ...visit, waitingRoom: true, ...change })
    },
    invite: (id, request = PATIENT) => create(`/consultations/${id}/invitations`, request),
  }
}

/** Waits until a page shows a text. */
export async function expectShown(page: Page, text: string): Promise<void> {
  await expect.poll(() => page.textContent('output')).toBe(text)
}
