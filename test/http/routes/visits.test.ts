import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { DraftKeys, VisitList } from '../../../src/contract/visit.ts'
import { CLINIC } from '../../kit.ts'
import { browserOf, CLOSES_AT, invite, type Made, SAME_ORIGIN, START } from '../../support/invitations.ts'
import { asking, DESK, MINUTE_MS, startVisits, VISIT, type Visits } from '../../support/consultations.ts'

const DAY_MS = 24 * 60 * MINUTE_MS
const PATIENT = { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' }
const DOCTOR = { role: 'doctor', userId: VISIT.doctorId, name: 'Dr. Meera Iyer' }
const WITH_DRAFTS = { DRAFT_KEY: 'd'.repeat(44) }
const CARD = {
  doctorName: 'Dr. Meera Iyer',
  qualification: 'MD',
  registrationNumber: 'MH-12345',
  organisation: 'Sehat Clinic',
  supportPhone: '+91 22-1234 5678',
}

type Method = 'GET' | 'POST' | 'DELETE' | 'PATCH'

/** A browser with the cookie that it was given last. */
function pageOf(nobody: Visits['nobody'], cookie?: string) {
  let kept = cookie
  return {
    cookie: () => kept,
    async ask<T = Record<string, unknown>>(method: Method, path: string, body?: object, headers: object = {}) {
      const all = { ...(kept === undefined ? {} : { cookie: kept }), ...SAME_ORIGIN, ...headers }
      const answer = await nobody<T>(method, path, body, all)
      const given = answer.headers['set-cookie']
      if (typeof given === 'string') kept = given.split(';')[0]
      return answer
    },
  }
}

/** A consultation whose patient and doctor opened their links at its start. */
async function start(env: Record<string, string> = {}, change: object = {}) {
  const visits = await startVisits(env)
  const made = await invite(visits, PATIENT, { waitingRoom: true, card: CARD, ...change })
  const { body: doctorInvitation } = await visits.desk<Made>('POST', made.path, DOCTOR)
  visits.time.now = START
  const open = async (code: string) => {
    const browser = browserOf(visits.nobody)
    await browser.redeem(code)
    return pageOf(visits.nobody, browser.cookie())
  }
  return {
    ...visits,
    id: made.consultation.id,
    invitation: made.invitation,
    open,
    patient: await open(made.code),
    doctor: await open(doctorInvitation.code),
  }
}

const NO_VISIT = { status: 401, body: { code: 'no-visit' } }

describe('GET /api/jitsi/visits', () => {
  it('shows a patient the appointment, the card and whether the doctor has entered', async () => {
    const { patient, id } = await start()
    const { status, body } = await patient.ask<VisitList>('GET', '/visits')
    expect(status).toBe(200)
    expect(body.visits).toStrictEqual([
      {
        consultationId: id,
        userId: VISIT.patientId,
        role: 'patient',
        moderator: false,
        name: 'Asha Rao',
        state: 'open',
        startsAt: new Date(START).toISOString(),
        endsAt: new Date(START + 30 * MINUTE_MS).toISOString(),
        opensAt: new Date(START - 15 * MINUTE_MS).toISOString(),
        closesAt: new Date(CLOSES_AT).toISOString(),
        waitingRoom: true,
        doctorPresent: true,
        card: CARD,
      },
    ])
  })

  it('lists all visits of a browser by their start, each read under the invitation that opened it', async () => {
    const { patient, desk, nobody, id, entries, invitation } = await start()
    const other = await desk<{ id: string }>('POST', '/consultations', {
      ...VISIT,
      startsAt: new Date(START - 10 * MINUTE_MS).toISOString(),
    })
    const { body } = await desk<Made>('POST', `/consultations/${other.body.id}/invitations`, PATIENT)
    await nobody('POST', '/invitations/redeem', { code: body.code }, { cookie: patient.cookie() ?? '', ...SAME_ORIGIN })
    const list = await patient.ask<VisitList>('GET', '/visits')
    expect(list.body.visits.map(({ consultationId }) => consultationId)).toStrictEqual([other.body.id, id])
    expect(entries().slice(-2)).toMatchObject([
      { action: 'consultation.read', user_id: VISIT.patientId, outcome: 'done' },
      { action: 'consultation.read', user_id: VISIT.patientId, outcome: 'done' },
    ])
    const callers = new Set(
      entries()
        .slice(-2)
        .map(({ caller }) => caller),
    )
    expect(callers).toStrictEqual(new Set([`invitation:${invitation.id}`, `invitation:${body.id}`]))
  })

  it.each([
    ['no cookie', undefined],
    ['a cookie of nobody', `visit=${'0'.repeat(64)}`],
    ['a malformed cookie', 'visit=x'],
  ])('with %s answers 401', async (_what, cookie) => {
    const { nobody } = await start()
    const answer = await pageOf(nobody, cookie).ask('GET', '/visits')
    expect(answer).toMatchObject(NO_VISIT)
    expect(answer.headers['www-authenticate']).toContain('Bearer')
  })

  it('ends a day after the admission window, and when the invitation is revoked', async () => {
    const { patient, time, desk, id, invitation } = await start()
    time.now = CLOSES_AT + DAY_MS - 1
    expect(await patient.ask('GET', '/visits')).toMatchObject({ body: { visits: [{ state: 'ended' }] } })
    time.now += 1
    expect(await patient.ask('GET', '/visits')).toMatchObject(NO_VISIT)
    time.now = START
    await desk('DELETE', `/consultations/${id}/invitations/${invitation.id}`)
    expect(await patient.ask('GET', '/visits')).toMatchObject(NO_VISIT)
  })

  it('shows nothing of a participant who was removed', async () => {
    const { patient, desk, id } = await start()
    const participants = [{ userId: VISIT.doctorId, role: 'doctor' }]
    const { status } = await desk('PATCH', `/consultations/${id}`, { participants }, { 'if-match': '"1"' })
    expect(status).toBe(200)
    expect(await patient.ask('GET', '/visits')).toMatchObject(NO_VISIT)
  })

  it('refuses a page of another site, and too many requests', async () => {
    const { patient } = await start({ RATE_LIMIT_PER_INVITATION: '2' })
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    expect(await patient.ask('GET', '/visits', undefined, foreign)).toMatchObject({
      status: 403,
      body: { code: 'origin-not-allowed' },
    })
    await patient.ask('GET', '/visits')
    await patient.ask('GET', '/visits')
    expect(await patient.ask('GET', '/visits')).toMatchObject({ status: 429, body: { code: 'rate-limited' } })
  })
})

describe('POST /api/jitsi/visits/{id}/token', () => {
  it('answers as entering does, without a code', async () => {
    const { patient, doctor, id, desk } = await start()
    expect(await patient.ask('POST', `/visits/${id}/token`, {})).toMatchObject({
      status: 202,
      body: { state: 'waiting', consultationId: id },
    })
    await desk('POST', `/consultations/${id}/admit`, { userId: VISIT.patientId })
    const { status, body } = await patient.ask<{ token: string }>('POST', `/visits/${id}/token`, {})
    expect(status).toBe(200)
    expect(decodeJwt(body.token)).toMatchObject({ context: { user: { id: VISIT.patientId, name: 'Asha Rao' } } })
    expect(await doctor.ask('POST', `/visits/${id}/token`, {})).toMatchObject({ body: { moderator: true } })
  })

  it('has the meeting configuration for the network', async () => {
    const { doctor, id, clientOf } = await start()
    for (const network of ['good', 'fair', 'poor'] as const) {
      const { body } = await doctor.ask<{ meeting: object }>('POST', `/visits/${id}/token`, { network })
      const config = await clientOf(CLINIC.apiKey).meetingConfig({ role: 'doctor', network })
      expect(body.meeting).toMatchObject(config)
    }
    const { body } = await doctor.ask<{ meeting: object }>('POST', `/visits/${id}/token`, {})
    expect(body.meeting).toMatchObject(await clientOf(CLINIC.apiKey).meetingConfig({ role: 'doctor' }))
  })

  it.each([
    ['another network', { network: 'excellent' }, '/network'],
    ['an unknown field', { userId: 'patient-1' }, '/userId'],
    ['a name of blanks', { displayName: '  ' }, '/displayName'],
  ])('refuses %s', async (_what, body, pointer) => {
    const { patient, id } = await start()
    expect(await patient.ask('POST', `/visits/${id}/token`, body)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer }] },
    })
  })

  it('is refused for another consultation, without a cookie, and after the end', async () => {
    const { patient, nobody, id, desk, visit } = await start()
    const other = await visit()
    expect(await patient.ask('POST', `/visits/${other.id}/token`, {})).toMatchObject(NO_VISIT)
    expect(await pageOf(nobody).ask('POST', `/visits/${id}/token`, {})).toMatchObject(NO_VISIT)
    await desk('POST', `/consultations/${id}/end`)
    expect(await patient.ask('POST', `/visits/${id}/token`, {})).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
  })
})

describe('POST /api/jitsi/visits', () => {
  it('binds the browser of a signed-in user, whose cookie is the credential from then on', async () => {
    const { nobody, issuer, id, entries } = await start()
    const token = await issuer.sign({ sub: VISIT.doctorId, name: 'Dr. Meera Iyer', roles: ['doctor'] })
    const page = pageOf(nobody)
    const bound = await page.ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${token}` })
    expect(bound).toMatchObject({ status: 200, body: { consultationId: id, moderator: true, name: 'Dr. Meera Iyer' } })
    expect(bound.headers['set-cookie']).toContain(`Max-Age=${60 * 60 + 86_400};`)
    expect(entries().at(-1)).toMatchObject({
      action: 'visit.bind',
      outcome: 'done',
      caller: issuer.url,
      user_id: VISIT.doctorId,
      consultation: id,
    })
    expect(await page.ask('GET', '/visits')).toMatchObject({ body: { visits: [{ userId: VISIT.doctorId }] } })
    const { body } = await page.ask<{ token: string }>('POST', `/visits/${id}/token`, {})
    expect(decodeJwt(body.token)).toMatchObject({ context: { user: { id: VISIT.doctorId, name: 'Dr. Meera Iyer' } } })
    expect(entries().at(-1)).toMatchObject({ action: 'token.issue', outcome: 'issued', caller: issuer.url })
    expect(await page.ask('GET', `/consultations/${id}/waiting`)).toMatchObject({ status: 200 })
  })

  it('keeps the other visits of the browser', async () => {
    const { patient, issuer, visit } = await start()
    const other = await visit()
    const token = await issuer.sign({ sub: VISIT.patientId, name: 'Asha Rao', roles: ['patient'] })
    const before = patient.cookie()
    await patient.ask('POST', '/visits', { consultationId: other.id }, { authorization: `Bearer ${token}` })
    expect(patient.cookie()).toBe(before)
    expect((await patient.ask<VisitList>('GET', '/visits')).body.visits).toHaveLength(2)
  })

  it('gives the participant the name of the signed-in user, unless there is one', async () => {
    const { nobody, issuer, desk, visit } = await start()
    const { id } = await visit()
    const bind = async (name: string) => {
      const token = await issuer.sign({ sub: VISIT.doctorId, name, roles: ['doctor'] })
      return pageOf(nobody).ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${token}` })
    }
    expect(await bind('Dr. Meera Iyer')).toMatchObject({ body: { name: 'Dr. Meera Iyer' } })
    expect(await bind('Another Name')).toMatchObject({ body: { name: 'Dr. Meera Iyer' } })
    const { body } = await desk<{ participants: object[] }>('GET', `/consultations/${id}`)
    expect(body.participants).toContainEqual(expect.objectContaining({ name: 'Dr. Meera Iyer' }))
  })

  it('is for people who take part in the consultation', async () => {
    const { app, user, id, time, desk, entries } = await start()
    const stranger = await user('doctor-1', 'doctor')
    expect(await stranger('POST', '/visits', { consultationId: id })).toMatchObject({
      status: 404,
      body: { code: 'consultation-not-found' },
    })
    const wrongRole = await user(VISIT.doctorId, 'patient')
    expect(await wrongRole('POST', '/visits', { consultationId: id })).toMatchObject({ status: 404 })
    expect(entries().at(-1)).toMatchObject({ action: 'visit.bind', outcome: 'refused', user_id: VISIT.doctorId })
    expect(await asking(app, DESK.apiKey)('POST', '/visits', { consultationId: id })).toMatchObject({
      status: 403,
      body: { code: 'scope-missing' },
    })
    const doctor = await user(VISIT.doctorId, 'doctor')
    await desk('POST', '/revocations', { userId: VISIT.doctorId })
    expect(await doctor('POST', '/visits', { consultationId: id })).toMatchObject({ body: { code: 'revoked' } })
    time.now = CLOSES_AT + DAY_MS
    const patient = asking(app, (await user(VISIT.patientId, 'patient')).credential)
    expect((await patient('POST', '/visits', { consultationId: id })).status).not.toBe(200)
  })

  it('ends when the issuer is no longer in the policy, or the user is removed', async () => {
    const { nobody, issuer, id, desk } = await start()
    const token = await issuer.sign({ sub: VISIT.patientId, name: 'Asha Rao', roles: ['patient'] })
    const page = pageOf(nobody)
    await page.ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${token}` })
    await desk(
      'PATCH',
      `/consultations/${id}`,
      { participants: [{ userId: VISIT.doctorId, role: 'doctor' }] },
      { 'if-match': '"1"' },
    )
    expect(await page.ask('POST', `/visits/${id}/token`, {})).toMatchObject({ status: 403 })
    expect(await page.ask('GET', `/consultations/${id}`)).toMatchObject({ status: 404 })
  })

  it('records a refused token of a signed-in browser under its user', async () => {
    const { nobody, issuer, id, desk, entries } = await start()
    const token = await issuer.sign({ sub: VISIT.patientId, name: 'Asha Rao', roles: ['patient'] })
    const page = pageOf(nobody)
    await page.ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${token}` })
    await desk('POST', `/consultations/${id}/end`)
    await page.ask('POST', `/visits/${id}/token`, {})
    expect(entries().at(-1)).toMatchObject({
      action: 'token.issue',
      outcome: 'refused',
      code: 'consultation-ended',
      caller: issuer.url,
      user_id: VISIT.patientId,
      consultation: id,
    })
  })
})

describe('/api/jitsi/visits/{id}/draft-key', () => {
  it('gives a moderator the same two keys again, in the record each time, and never stores them', async () => {
    const { doctor, id, entries, logLines } = await start(WITH_DRAFTS)
    const first = await doctor.ask<DraftKeys>('GET', `/visits/${id}/draft-key`)
    expect(first.status).toBe(200)
    expect(first.headers['cache-control']).toBe('no-store')
    expect(first.body.draftKey).toMatch(/^[\w-]{43}$/)
    expect(first.body.letterheadKey).toMatch(/^[\w-]{43}$/)
    expect(first.body.letterheadKey).not.toBe(first.body.draftKey)
    expect((await doctor.ask('GET', `/visits/${id}/draft-key`)).body).toStrictEqual(first.body)
    expect(entries().slice(-2)).toMatchObject(
      Array.from({ length: 2 }, () => ({ action: 'draft-key.read', outcome: 'done', user_id: VISIT.doctorId })),
    )
    for (const kept of [JSON.stringify(entries()), logLines.join('')]) expect(kept).not.toContain(first.body.draftKey)
  })

  it('gives another key for another consultation, and the same one for the letterhead', async () => {
    const { doctor, id, visit, desk, nobody } = await start(WITH_DRAFTS)
    const other = await visit()
    const { body } = await desk<Made>('POST', `/consultations/${other.id}/invitations`, DOCTOR)
    await nobody('POST', '/invitations/redeem', { code: body.code }, { cookie: doctor.cookie() ?? '', ...SAME_ORIGIN })
    const [a, b] = [
      (await doctor.ask<DraftKeys>('GET', `/visits/${id}/draft-key`)).body,
      (await doctor.ask<DraftKeys>('GET', `/visits/${other.id}/draft-key`)).body,
    ]
    expect(b.draftKey).not.toBe(a.draftKey)
    expect(b.letterheadKey).toBe(a.letterheadKey)
  })

  it('is open until the days of the setting after the end, also to who signs in only then', async () => {
    const { doctor, id, time, nobody, issuer, patient } = await start({ ...WITH_DRAFTS, DRAFT_KEY_DAYS: '3' })
    time.now = CLOSES_AT + 3 * DAY_MS - 1
    expect(await doctor.ask('GET', `/visits/${id}/draft-key`)).toMatchObject({ status: 200 })
    expect(await doctor.ask('GET', '/visits')).toMatchObject({ body: { visits: [{ state: 'ended' }] } })
    expect(await patient.ask('GET', '/visits')).toMatchObject(NO_VISIT)
    const sign = (sub: string, role: string) => issuer.sign({ sub, name: 'Name', roles: [role] })
    const page = pageOf(nobody)
    const token = await sign(VISIT.doctorId, 'doctor')
    const bound = await page.ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${token}` })
    expect(bound.status).toBe(200)
    expect(await page.ask('GET', `/visits/${id}/draft-key`)).toMatchObject({ status: 200 })
    expect(await page.ask('GET', `/consultations/${id}`)).toMatchObject({ status: 401 })
    const late = await sign(VISIT.patientId, 'patient')
    expect(
      await pageOf(nobody).ask('POST', '/visits', { consultationId: id }, { authorization: `Bearer ${late}` }),
    ).toMatchObject({ status: 409, body: { code: 'consultation-ended' } })
    time.now += 1
    expect(await doctor.ask('GET', `/visits/${id}/draft-key`)).toMatchObject({
      status: 410,
      body: { code: 'drafts-closed' },
    })
  })

  it('lets the cookie live as long as the key can be read', async () => {
    const { nobody, issuer, id } = await start(WITH_DRAFTS)
    const token = await issuer.sign({ sub: VISIT.doctorId, name: 'Dr. Meera Iyer', roles: ['doctor'] })
    const headers = { authorization: `Bearer ${token}` }
    const bound = await pageOf(nobody).ask('POST', '/visits', { consultationId: id }, headers)
    expect(bound.headers['set-cookie']).toContain(`Max-Age=${60 * 60 + 7 * 86_400};`)
  })

  it('is gone for good after DELETE, for this person only', async () => {
    const { doctor, id, entries } = await start(WITH_DRAFTS)
    expect(await doctor.ask('DELETE', `/visits/${id}/draft-key`)).toMatchObject({ status: 204 })
    expect(entries().at(-1)).toMatchObject({ action: 'draft-key.delete', outcome: 'done', user_id: VISIT.doctorId })
    expect(await doctor.ask('GET', `/visits/${id}/draft-key`)).toMatchObject({ status: 410 })
    expect(await doctor.ask('DELETE', `/visits/${id}/draft-key`)).toMatchObject({ status: 204 })
  })

  it.each([
    ['a patient', WITH_DRAFTS, 'patient', 403, 'role-not-allowed'],
    ['anybody without the setting', {}, 'doctor', 404, 'drafts-off'],
  ] as const)('is refused to %s', async (_what, env, who, status, code) => {
    const { id, entries, ...people } = await start(env)
    for (const method of ['GET', 'DELETE'] as const)
      expect(await people[who].ask(method, `/visits/${id}/draft-key`)).toMatchObject({ status, body: { code } })
    expect(entries().at(-1)).toMatchObject({ action: 'draft-key.delete', outcome: 'refused', code })
  })

  it('is not given without a cookie, to a page of another site, or for a foreign consultation', async () => {
    const { nobody, doctor, id, visit } = await start(WITH_DRAFTS)
    expect(await pageOf(nobody).ask('GET', `/visits/${id}/draft-key`)).toMatchObject(NO_VISIT)
    expect(await doctor.ask('GET', `/visits/${(await visit()).id}/draft-key`)).toMatchObject(NO_VISIT)
    const foreign = { 'sec-fetch-site': 'same-site', origin: 'https://other.service.test' }
    expect(await doctor.ask('GET', `/visits/${id}/draft-key`, undefined, foreign)).toMatchObject({ status: 403 })
  })
})

describe('POST /api/jitsi/visits/{id}/consent', () => {
  it('is in the record alone, with the text and the decision', async () => {
    const { patient, id, entries } = await start()
    for (const [text, given, action] of [
      ['join-1', true, 'consent.give'],
      ['recording-1', false, 'consent.refuse'],
    ] as const) {
      expect(await patient.ask('POST', `/visits/${id}/consent`, { text, given })).toMatchObject({ status: 204 })
      expect(entries().at(-1)).toMatchObject({
        action,
        outcome: 'done',
        document: text,
        consultation: id,
        user_id: VISIT.patientId,
        role: 'patient',
      })
    }
    const { body } = await patient.ask<VisitList>('GET', '/visits')
    expect(JSON.stringify(body)).not.toContain('join-1')
  })

  it.each([
    [{ text: 'join-2', given: true }, '/text'],
    [{ text: 'join-1', given: 'yes' }, '/given'],
    [{ text: 'join-1' }, '/given'],
    [{ text: 'join-1', given: true, name: 'Asha' }, '/name'],
  ])('refuses %j', async (body, pointer) => {
    const { patient, id } = await start()
    expect(await patient.ask('POST', `/visits/${id}/consent`, body)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer }] },
    })
  })

  it('needs the cookie of the consultation, and ends with it', async () => {
    const { patient, nobody, id, visit, time } = await start()
    const consent = { text: 'join-1', given: true }
    expect(await pageOf(nobody).ask('POST', `/visits/${id}/consent`, consent)).toMatchObject(NO_VISIT)
    expect(await patient.ask('POST', `/visits/${(await visit()).id}/consent`, consent)).toMatchObject(NO_VISIT)
    time.now = CLOSES_AT + DAY_MS
    expect(await patient.ask('POST', `/visits/${id}/consent`, consent)).toMatchObject(NO_VISIT)
  })
})
