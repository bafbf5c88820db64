import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { startService, UNLIMITED } from '../../kit.ts'
import { browserOf, INVALID, invite, type Made, SAME_ORIGIN, START } from '../../support/invitations.ts'
import {
  asking,
  DESK,
  eventsOf,
  MINUTE_MS,
  startVisits,
  VISIT,
  visitPolicy,
  type Visits,
} from '../../support/consultations.ts'

const WAITING_ROOM = { waitingRoom: true }
const PATIENT = { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' }
const DOCTOR = { role: 'doctor', userId: VISIT.doctorId, name: 'Dr. Meera Iyer' }

/** Asks with a cookie from a page of the service. */
const asVisitor =
  ({ nobody }: Visits, cookie = '') =>
  <T = Record<string, unknown>>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, more = {}) =>
    nobody<T>(method, path, body, { cookie, ...SAME_ORIGIN, ...more })

const userOf = (token: string) => decodeJwt<{ context: { user: { id: string; name: string } } }>(token).context.user

describe('a browser with two visits', () => {
  it('keeps both: the second link does not lock the first out', async () => {
    const visits = await startVisits()
    const [first, second] = [
      await invite(visits, PATIENT, { externalId: 'a', ...WAITING_ROOM }),
      await invite(visits, PATIENT, { externalId: 'b', ...WAITING_ROOM }),
    ]
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    expect(await browser.redeem(first.code)).toMatchObject({ status: 202 })
    const cookie = browser.cookie()
    expect(await browser.redeem(second.code)).toMatchObject({ status: 202 })
    expect(browser.cookie()).toBe(cookie)
    for (const { code, consultation } of [first, second]) {
      const answer = { status: 202, body: { consultationId: consultation.id } }
      expect(await browser.redeem(code)).toMatchObject(answer)
      expect(await browser.redeem(undefined, { consultationId: consultation.id })).toMatchObject(answer)
      const events = await eventsOf(visits.app, consultation.id, { cookie: cookie ?? '', ...SAME_ORIGIN })
      expect(await events.next()).toMatchObject({ event: 'state', data: { consultationId: consultation.id } })
    }
    expect(await browser.redeem(undefined, {})).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/consultationId', message: expect.stringContaining('several visits') as string }] },
    })
  })

  it('gets a cookie that lasts until the later one is over', async () => {
    const visits = await startVisits()
    const long = await invite(visits, PATIENT, { externalId: 'a', durationMinutes: 300 })
    const short = await invite(visits, PATIENT, { externalId: 'b' })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(long.code)
    const { headers } = await browser.redeem(short.code)
    expect(headers['set-cookie']).toContain(`Max-Age=${(300 + 30) * 60 + 86_400};`)
  })

  it('of the same consultation acts as the person whose code it presented last', async () => {
    const visits = await startVisits()
    const patient = await invite(visits, PATIENT)
    const { body: doctor } = await visits.desk<{ code: string }>('POST', patient.path, DOCTOR)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(patient.code)
    visits.time.now += 1
    await browser.redeem(doctor.code)
    visits.time.now += 1
    expect(userOf((await browser.redeem(undefined, {})).body.token).id).toBe(VISIT.doctorId)
    await browser.redeem(patient.code)
    expect(userOf((await browser.redeem(undefined, {})).body.token).id).toBe(VISIT.patientId)
  })
})

describe('a reload', () => {
  it('needs no code, and answers as entering does', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits)
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    const first = await browser.redeem(code, { displayName: 'Asha Rao' })
    const again = await browser.redeem(undefined, {})
    expect(again).toMatchObject({ status: 200, body: { consultationId: consultation.id } })
    expect(userOf(again.body.token)).toMatchObject(userOf(first.body.token))
  })

  it.each([
    ['without a cookie', {}],
    ['with an invented cookie', { cookie: `visit=${'0'.repeat(64)}` }],
    ['with a malformed cookie', { cookie: 'visit=1' }],
  ])('%s is refused', async (_what, headers) => {
    const visits = await startVisits()
    const refused = await visits.nobody('POST', '/invitations/redeem', {}, { ...headers, ...SAME_ORIGIN })
    expect(refused).toMatchObject({ status: 401, body: { code: 'no-visit' } })
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/)
  })

  it('is refused for a consultation that the browser is not bound to, and a day after the last one has closed', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits)
    const other = await visits.visit({ externalId: 'b' })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(code)
    const noVisit = { status: 401, body: { code: 'no-visit' } }
    expect(await browser.redeem(undefined, { consultationId: other.id })).toMatchObject(noVisit)
    expect(await browser.redeem(code, { consultationId: other.id })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/consultationId' }] },
    })
    const read = () => asVisitor(visits, browser.cookie())('GET', `/consultations/${consultation.id}`)
    visits.time.now = Date.parse(consultation.closesAt) + 86_400_000 - 1
    expect(await read()).toMatchObject({ status: 200, body: { state: 'ended' } })
    visits.time.now += 1
    expect(await read()).toMatchObject({ status: 401 })
  })
})

describe('a single-use invitation in a second browser', () => {
  const start = async (settings = {}, uses = 1) => {
    const visits = await startVisits(settings)
    const made = await invite(visits, { ...PATIENT, uses }, WAITING_ROOM)
    visits.time.now = START
    const messenger = browserOf(visits.nobody)
    expect(await messenger.redeem(made.code)).toMatchObject({ status: 202 })
    return { visits, ...made, messenger, browser: browserOf(visits.nobody) }
  }

  it('moves there until the person has entered, and the first browser has no visit any more', async () => {
    const { visits, code, messenger, browser, consultation, invitation } = await start()
    expect(await browser.redeem(code)).toMatchObject({ status: 202 })
    expect(visits.entries().filter(({ action }) => action === 'invitation.move')).toMatchObject([
      { outcome: 'done', invitation: invitation.id, user_id: VISIT.patientId, consultation: consultation.id },
    ])
    expect(await messenger.redeem(undefined, {})).toMatchObject({ status: 401, body: { code: 'no-visit' } })
    const events = await visits.nobody('GET', `/consultations/${consultation.id}/events`, undefined, {
      cookie: messenger.cookie() ?? '',
      ...SAME_ORIGIN,
    })
    expect(events).toMatchObject({ status: 401, body: { code: 'no-visit' } })
    await visits.desk('POST', `/consultations/${consultation.id}/admit`, { userId: VISIT.patientId })
    expect(await browser.redeem(undefined, {})).toMatchObject({ status: 200 })
    const used = { ...INVALID, body: { code: 'invitation-invalid', reason: 'used' } }
    expect(await messenger.redeem(code)).toMatchObject(used)
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject(used)
    expect(await browser.redeem(undefined, {})).toMatchObject({ status: 200 })
  })

  it('moves back, too', async () => {
    const { code, messenger, browser } = await start()
    expect(await browser.redeem(code)).toMatchObject({ status: 202 })
    expect(await messenger.redeem(code)).toMatchObject({ status: 202 })
    expect(await browser.redeem(undefined, {})).toMatchObject({ status: 401 })
  })

  it('keeps the guest who came first, with the name', async () => {
    const visits = await startVisits()
    const { code, consultation } = await invite(visits, { role: 'patient' }, WAITING_ROOM)
    visits.time.now = START
    await browserOf(visits.nobody).redeem(code, { displayName: 'Asha Rao' })
    expect(await browserOf(visits.nobody).redeem(code, {})).toMatchObject({ status: 202 })
    const { body } = await visits.desk<{ participants: object[] }>('GET', `/consultations/${consultation.id}`)
    expect(body.participants).toMatchObject([{}, {}, { name: 'Asha Rao', selfNamed: true }])
  })

  it('is refused with INVITATION_MOVES=off', async () => {
    const { code, browser, messenger } = await start({ INVITATION_MOVES: 'off' })
    expect(await browser.redeem(code)).toMatchObject({ ...INVALID, body: { reason: 'used' } })
    expect(await messenger.redeem(code)).toMatchObject({ status: 202 })
  })

  it('is refused once it is revoked, expired or replaced', async () => {
    const { visits, code, browser, path, invitation } = await start()
    await visits.desk('DELETE', `${path}/${invitation.id}`)
    expect(await browser.redeem(code)).toMatchObject({ ...INVALID, body: { reason: 'revoked' } })
  })

  it('takes no place of another guest if each use is another guest', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits, { role: 'patient', uses: 2 }, WAITING_ROOM)
    visits.time.now = START
    const guests = [browserOf(visits.nobody), browserOf(visits.nobody)]
    for (const guest of guests) expect(await guest.redeem(code)).toMatchObject({ status: 202 })
    expect(await browserOf(visits.nobody).redeem(code)).toMatchObject({ ...INVALID, body: { reason: 'used' } })
    for (const guest of guests) expect(await guest.redeem(undefined, {})).toMatchObject({ status: 202 })
  })

  it('has three uses by default if it is for one person, otherwise one', async () => {
    const visits = await startVisits()
    expect((await invite(visits, PATIENT)).invitation.uses).toBe(3)
    expect((await invite(visits, { role: 'patient' }, { externalId: 'b' })).invitation.uses).toBe(1)
  })

  it('cannot have a deadline before the admission window opens: nobody could use it', async () => {
    const visits = await startVisits()
    const { path } = await invite(visits)
    const opensAt = START - 15 * MINUTE_MS
    const create = (expiresAt: number) =>
      visits.desk('POST', path, { role: 'patient', expiresAt: new Date(expiresAt).toISOString() })
    expect(await create(opensAt)).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expiresAt' }] } })
    expect(await create(opensAt + 1)).toMatchObject({ status: 201 })
  })
})

describe('the cookie of a visit', () => {
  const start = async (who: object) => {
    const visits = await startVisits()
    const made = await invite(visits, who, WAITING_ROOM)
    await visits.desk('POST', made.path, PATIENT)
    const other = await visits.visit({ externalId: 'other' })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(made.code)
    return { visits, ...made, other, ask: asVisitor(visits, browser.cookie()), cookie: browser.cookie() ?? '' }
  }

  it('lets a doctor read, list who waits, admit, invite, postpone the end and end; not cancel, list or create', async () => {
    const { visits, consultation, ask } = await start(DOCTOR)
    const at = `/consultations/${consultation.id}`
    await visits.desk('POST', '/token', { roomId: consultation.roomId, userId: VISIT.patientId, userName: 'Asha Rao' })
    const read = await ask('GET', at)
    expect(read).toMatchObject({ status: 200 })
    expect(read.body['participants']).toHaveLength(2)
    expect(await ask('GET', `${at}/waiting`)).toMatchObject({ body: { waiting: [{ userId: VISIT.patientId }] } })
    expect(await ask('POST', `${at}/admit`, { userId: VISIT.patientId })).toMatchObject({ status: 200 })
    expect(await ask('POST', `${at}/invitations`, { role: 'observer', name: 'A Student' })).toMatchObject({
      status: 201,
    })
    expect(await ask('GET', `${at}/invitations`)).toMatchObject({ status: 200 })
    expect(await ask('GET', `${at}/calendar.ics`)).toMatchObject({ status: 200 })
    const etag = (await ask('GET', at)).headers['etag'] as string
    const endsAt = new Date(START + 60 * MINUTE_MS).toISOString()
    const change = (body: object) => ask('PATCH', at, body, { 'if-match': etag })
    expect(await change({ endsAt, waitingRoom: false })).toMatchObject({
      status: 403,
      body: { code: 'role-not-allowed' },
    })
    expect(await change({ startsAt: endsAt })).toMatchObject({ status: 403, body: { code: 'role-not-allowed' } })
    expect(await change({ endsAt })).toMatchObject({ status: 200, body: { endsAt } })
    expect(await ask('POST', `${at}/cancel`)).toMatchObject({ status: 401 })
    expect(await ask('GET', '/consultations')).toMatchObject({ status: 401 })
    expect(await ask('POST', '/consultations', VISIT)).toMatchObject({ status: 401 })
    expect(await ask('POST', '/token', { roomId: consultation.roomId })).toMatchObject({ status: 401 })
    expect(await ask('POST', `${at}/end`)).toMatchObject({ status: 200, body: { state: 'ended' } })
  })

  it('lets a patient read and listen, without the others, and nothing else', async () => {
    const { visits, consultation, ask, cookie } = await start(PATIENT)
    const at = `/consultations/${consultation.id}`
    expect((await ask('GET', at)).body['participants']).toMatchObject([{ userId: VISIT.patientId }])
    const events = await eventsOf(visits.app, consultation.id, { cookie, ...SAME_ORIGIN })
    expect(await events.next()).toMatchObject({ event: 'state' })
    const refused = { status: 403, body: { code: 'role-not-allowed' } }
    expect(await ask('GET', `${at}/waiting`)).toMatchObject(refused)
    expect(await ask('POST', `${at}/admit`, { userId: VISIT.patientId })).toMatchObject(refused)
    expect(await ask('POST', `${at}/end`)).toMatchObject(refused)
    expect(await ask('GET', `${at}/invitations`)).toMatchObject(refused)
    expect(await ask('PATCH', at, { endsAt: VISIT.startsAt }, { 'if-match': '"1"' })).toMatchObject(refused)
  })

  it('opens no other consultation, of the same people either', async () => {
    const { ask, other } = await start(DOCTOR)
    for (const path of ['', '/waiting', '/events', '/invitations', '/calendar.ics']) {
      expect(await ask('GET', `/consultations/${other.id}${path}`)).toMatchObject({ status: 401 })
    }
    expect(await ask('POST', `/consultations/${other.id}/end`)).toMatchObject({ status: 401 })
  })

  const FOREIGN: [string, Record<string, string>][] = [
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['of another host of the site', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.org' }],
    ['of another site in an old browser', { origin: 'https://evil.example' }],
    ['of a sandboxed frame', { origin: 'null' }],
    ['that hides its origin', { 'sec-fetch-site': 'cross-site' }],
    ['whose origin is no URL', { origin: '%%%' }],
  ]
  it.each(FOREIGN)('is refused from a page %s', async (_what, headers) => {
    const { visits, consultation, cookie, code } = await start(DOCTOR)
    const refused = { status: 403, body: { code: 'origin-not-allowed' } }
    const ask = (method: 'GET' | 'POST', path: string, body?: object) =>
      visits.nobody(method, path, body, { cookie, ...headers })
    expect(await ask('GET', `/consultations/${consultation.id}`)).toMatchObject(refused)
    expect(await ask('POST', `/consultations/${consultation.id}/end`)).toMatchObject(refused)
    expect(await ask('POST', '/invitations/redeem', {})).toMatchObject(refused)
    expect(await visits.nobody('POST', '/invitations/redeem', { code }, headers)).toMatchObject(refused)
  })

  it('is accepted from the own host, and a read without either header', async () => {
    const { visits, consultation, cookie } = await start(DOCTOR)
    const at = `/consultations/${consultation.id}`
    const ask = (method: 'GET' | 'POST', path: string, headers: object) =>
      visits.nobody(method, path, method === 'POST' ? {} : undefined, { cookie, ...headers })
    expect(await ask('GET', at, {})).toMatchObject({ status: 200 })
    expect(await ask('GET', at, { 'sec-fetch-site': 'none' })).toMatchObject({ status: 200 })
    expect(await ask('POST', '/invitations/redeem', { origin: 'http://localhost:80' })).toMatchObject({ status: 200 })
    expect(await ask('POST', '/invitations/redeem', {})).toMatchObject({ status: 403 })
    expect(await ask('POST', '/invitations/redeem', { 'sec-fetch-site': 'none' })).toMatchObject({ status: 403 })
  })

  it('is accepted from a listed origin, and is partitioned there if that is another site', async () => {
    const origin = 'https://portal.example.net'
    const { app } = await startService({ ...UNLIMITED, CORS_ORIGINS: origin }, undefined, visitPolicy())
    const desk = asking(app, DESK.apiKey)
    const { startsAt: _later, ...now } = VISIT
    const { body } = await desk<ConsultationAnswer>('POST', '/consultations', { ...now, ...WAITING_ROOM })
    const { code } = (await desk<Made>('POST', `/consultations/${body.id}/invitations`, PATIENT)).body
    const redeem = (site: string, cookie = '') =>
      asking(app, undefined)('POST', '/invitations/redeem', { code }, { origin, 'sec-fetch-site': site, cookie })
    const sister = await redeem('same-site')
    expect(sister.headers['set-cookie']).toMatch(/SameSite=Strict$/)
    const foreign = await redeem('cross-site')
    expect(foreign.headers['set-cookie']).toMatch(/Secure; SameSite=None; Partitioned$|Partitioned; SameSite=None$/)
    const cookie = String(foreign.headers['set-cookie']).split(';')[0]
    expect(await redeem('cross-site', cookie)).toMatchObject({ status: 202 })
  })
})
