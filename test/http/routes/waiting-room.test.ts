import { describe, expect, it } from 'vitest'
import type { Deps } from '../../../src/app/compose.ts'
import { DESK, eventsOf, MINUTE_MS, startVisits, VISIT } from '../../support/consultations.ts'

const START = Date.parse(VISIT.startsAt)
const PATIENT = { userId: 'patient-1042', userName: 'Asha Rao' }
const DOCTOR = { userId: 'doctor-77', userName: 'Dr. Meera Iyer' }

const start = async (
  change: object = {},
  env: Record<string, string> = {},
  replace?: (parts: Deps) => Partial<Deps>,
) => {
  const visits = await startVisits(env, replace)
  const visit = await visits.visit({ waitingRoom: true, ...change })
  visits.time.now = START
  return { ...visits, ...visit }
}

describe('the waiting room', () => {
  it('keeps the patient waiting without a token until the doctor admits them', async () => {
    const { desk, id, roomId, time, entries } = await start()
    const since = new Date(START).toISOString()
    const ask = () => desk('POST', '/token', { roomId, ...PATIENT })
    expect(await ask()).toMatchObject({ status: 202, body: { state: 'waiting', since, consultationId: id } })
    time.now += MINUTE_MS
    expect(await ask()).toMatchObject({ status: 202, body: { state: 'waiting', since } })
    expect(await desk('GET', `/consultations/${id}/waiting`)).toMatchObject({
      status: 200,
      body: { waiting: [{ userId: 'patient-1042', role: 'patient', since }] },
    })
    expect(await desk('POST', `/consultations/${id}/admit`, { userId: 'patient-1042' })).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({ status: 200, body: { userRole: 'patient', moderator: false } })
    expect(await desk('GET', `/consultations/${id}/waiting`)).toMatchObject({ body: { waiting: [] } })
    const recorded = entries().map(({ action, outcome, user_id }) => [action, outcome, user_id])
    expect(recorded).toStrictEqual([
      ['consultation.create', 'done', 'patient-1042'],
      ['token.issue', 'waiting', 'patient-1042'],
      ['consultation.read', 'done', undefined],
      ['consultation.admit', 'done', 'patient-1042'],
      ['token.issue', 'issued', 'patient-1042'],
      ['consultation.read', 'done', undefined],
    ])
    expect(entries().every(({ consultation }) => consultation === id)).toBe(true)
  })

  it('does not keep moderators waiting', async () => {
    const { desk, roomId } = await start()
    expect(await desk('POST', '/token', { roomId, ...DOCTOR })).toMatchObject({ status: 200 })
  })

  it('lists the longest waiting participant first', async () => {
    const participants = [
      { userId: 'b', role: 'observer', name: 'B' },
      { userId: 'a', role: 'observer' },
    ]
    const { desk, id, roomId, time } = await start({ participants })
    for (const userId of ['b', 'patient-1042', 'a']) {
      time.now += 1000
      await desk('POST', '/token', { roomId, userId, userName: 'A Name' })
    }
    const { body } = await desk<{ waiting: { userId: string; name?: string }[] }>('GET', `/consultations/${id}/waiting`)
    expect(body.waiting.map(({ userId }) => userId)).toStrictEqual(['b', 'patient-1042', 'a'])
    expect(body.waiting.map(({ name }) => name)).toStrictEqual(['B', 'A Name', 'A Name'])
  })

  it('does not apply an admission to a new time, except for participants who were inside', async () => {
    const { desk, id, roomId, time } = await start({ participants: [{ userId: 'o', role: 'observer', name: 'O' }] })
    for (const userId of ['patient-1042', 'o']) await desk('POST', `/consultations/${id}/admit`, { userId })
    expect(await desk('POST', '/token', { roomId, userId: 'o' })).toMatchObject({ status: 200 })
    const startsAt = new Date(time.now + 5 * MINUTE_MS).toISOString()
    const version = String((await desk('GET', `/consultations/${id}`)).headers['etag'])
    await desk('PATCH', `/consultations/${id}`, { startsAt }, { 'if-match': version })
    expect(await desk('POST', '/token', { roomId, ...PATIENT })).toMatchObject({ status: 202 })
    expect(await desk('POST', '/token', { roomId, userId: 'o' })).toMatchObject({ status: 200 })
  })

  it('admits only participants, and nobody once the consultation is over', async () => {
    const { desk, id } = await start()
    expect(await desk('POST', `/consultations/${id}/admit`, { userId: 'stranger' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/userId', message: 'must be a participant of the consultation' }] },
    })
    await desk('POST', `/consultations/${id}/cancel`)
    expect(await desk('POST', `/consultations/${id}/admit`, { userId: 'patient-1042' })).toMatchObject({
      status: 409,
      body: { code: 'consultation-cancelled' },
    })
  })

  it('is managed by its signed-in doctor, not by patients or other doctors', async () => {
    const { user, id } = await start({ doctorId: 'd', patientId: 'p' })
    const [doctor, patient, other] = [await user('d', 'doctor'), await user('p', 'patient'), await user('x', 'doctor')]
    for (const [ask, status, code] of [
      [doctor, 200, undefined],
      [patient, 403, 'role-not-allowed'],
      [other, 404, 'consultation-not-found'],
    ] as const) {
      expect(await ask('GET', `/consultations/${id}/waiting`)).toMatchObject({ status, body: code ? { code } : {} })
      expect(await ask('POST', `/consultations/${id}/admit`, { userId: 'p' })).toMatchObject({ status })
    }
  })
})

describe('the audit record of a consultation', () => {
  it('names everyone who read a consultation, even if it was over', async () => {
    const { desk, id, entries } = await start()
    const invitations = `/consultations/${id}/invitations`
    const { body } = await desk<{ id: string }>('POST', invitations, { role: 'patient' })
    const deeds = [
      ['POST', `/consultations/${id}/admit`, { userId: 'patient-1042' }],
      ['DELETE', `${invitations}/${body.id}`],
      ['POST', `/consultations/${id}/end`],
    ] as const
    for (const [method, path, request] of deeds) {
      await desk(method, path, request)
      const before = entries().length
      await desk(method, path, request)
      expect(entries().slice(before)).toMatchObject([{ action: 'consultation.read', consultation: id }])
    }
  })

  it('names the user concerned and the signed-in doctor', async () => {
    const { user, id, entries } = await start({ doctorId: 'd', patientId: 'p' })
    const doctor = await user('d', 'doctor')
    await doctor('POST', `/consultations/${id}/admit`, { userId: 'p' })
    await doctor('POST', `/consultations/${id}/invitations`, { role: 'patient', userId: 'p' })
    await doctor('POST', `/consultations/${id}/invitations`, { role: 'patient' })
    await doctor('POST', `/consultations/${id}/end`)
    const recorded = entries().map((each) => [each.action, each.user_id, each.role, each['on_behalf_of']])
    expect(recorded.slice(1)).toStrictEqual([
      ['consultation.admit', 'p', 'patient', 'd'],
      ['invitation.create', 'p', 'patient', 'd'],
      ['invitation.create', undefined, 'patient', 'd'],
      ['consultation.end', 'd', undefined, undefined],
    ])
  })
})

describe('the events of a consultation', () => {
  it('report the admission to the patient at once, and nothing about others', async () => {
    const { desk, user, id, roomId, app } = await start({ doctorId: 'd', patientId: 'p' })
    const patient = await user('p', 'patient')
    const events = await eventsOf(app, id, patient.credential)
    expect(await events.next()).toMatchObject({ event: 'state', data: { state: 'scheduled', version: 1 } })
    await patient('POST', '/token', { roomId })
    expect(await events.next()).toMatchObject({ event: 'state', data: { waitingSince: new Date(START).toISOString() } })
    await desk('POST', `/consultations/${id}/admit`, { userId: 'p' })
    const admitted = await events.next()
    expect(admitted).toMatchObject({ event: 'admitted', data: { admittedAt: new Date(START).toISOString() } })
    expect(JSON.stringify(admitted)).not.toMatch(/waiting"|"d"/)
  })

  it('report a waiting participant to the doctor', async () => {
    const { user, id, roomId, app } = await start({ doctorId: 'd', patientId: 'p' })
    const [doctor, patient] = [await user('d', 'doctor'), await user('p', 'patient')]
    const events = await eventsOf(app, id, doctor.credential)
    expect(await events.next()).toMatchObject({ event: 'state', data: { waiting: [] } })
    await patient('POST', '/token', { roomId })
    expect(await events.next()).toMatchObject({ event: 'waiting', data: { waiting: [{ userId: 'p' }] } })
  })

  it('report a new time, and end with the consultation', async () => {
    const { desk, user, id, app } = await start({ doctorId: 'd', patientId: 'p' })
    const patient = await user('p', 'patient')
    for (const how of ['cancel'] as const) {
      const events = await eventsOf(app, id, patient.credential)
      await events.next()
      await desk('PATCH', `/consultations/${id}`, { durationMinutes: 60 }, { 'if-match': '"1"' })
      expect(await events.next()).toMatchObject({ event: 'rescheduled', data: { version: 2 } })
      await desk('POST', `/consultations/${id}/${how}`)
      expect(await events.next()).toMatchObject({ event: 'cancelled', data: { state: 'cancelled' } })
      expect(await events.next()).toBeUndefined()
    }
    const late = await eventsOf(app, id, patient.credential)
    expect(await late.next()).toMatchObject({ event: 'cancelled', retry: 3_600_000 })
    expect(await late.next()).toBeUndefined()
  })

  it('end for a removed participant, and report only the removal', async () => {
    const { desk, user, id, app } = await start({ doctorId: 'd', patientId: 'p' })
    const patient = await user('p', 'patient')
    const events = await eventsOf(app, id, patient.credential)
    await events.next()
    const participants = [
      { userId: 'd', role: 'doctor' },
      { userId: 'other', role: 'patient' },
    ]
    const change = { participants, startsAt: new Date(START + 60 * MINUTE_MS).toISOString() }
    await desk('PATCH', `/consultations/${id}`, change, { 'if-match': '"1"' })
    const removed = await events.next()
    expect(removed).toMatchObject({ event: 'removed', data: { version: 1, startsAt: VISIT.startsAt } })
    expect(JSON.stringify(removed)).not.toContain('other')
    expect(await events.next()).toBeUndefined()
  })

  it('report the end of the admission window without any request', async () => {
    const { id, time, app, desk } = await start({}, { EVENTS_HEARTBEAT_SECONDS: '1' })
    const events = await eventsOf(app, id, desk.credential)
    await events.next()
    time.now += 60 * MINUTE_MS
    expect(await events.next()).toMatchObject({ event: 'ended', data: { state: 'ended' } })
  })

  it('are only for participants', async () => {
    const { user, nobody, id } = await start({ doctorId: 'd', patientId: 'p' })
    const stranger = await user('x', 'patient')
    expect(await stranger('GET', `/consultations/${id}/events`)).toMatchObject({ status: 404 })
    expect(await nobody('GET', `/consultations/${id}/events`)).toMatchObject({ status: 401 })
  })

  it('can be opened ten times at once by one user, independently of others', async () => {
    const { user, id, app } = await start({ doctorId: 'd', patientId: 'p' })
    const [doctor, patient] = [await user('d', 'doctor'), await user('p', 'patient')]
    const all = await Promise.all(Array.from({ length: 12 }, () => eventsOf(app, id, patient.credential).catch(String)))
    expect(all.filter((each) => each === 'Error: no events: 429')).toHaveLength(2)
    await eventsOf(app, id, doctor.credential)
  })

  it.each(['an event', 'a heartbeat'])(
    'end at the latest with %s once the credential is no longer valid',
    async (how) => {
      const state = { valid: true }
      const { id, roomId, app, desk, user } = await start(
        { doctorId: 'd', patientId: 'p' },
        how === 'a heartbeat' ? { EVENTS_HEARTBEAT_SECONDS: '1' } : {},
        ({ callers }) => ({
          callers: {
            authenticate: (credential) =>
              state.valid || credential === DESK.apiKey
                ? callers.authenticate(credential)
                : Promise.resolve({ code: 'unauthenticated', reason: 'exp' }),
          },
        }),
      )
      const [doctor, other] = [await user('d', 'doctor'), await eventsOf(app, id, desk.credential)]
      const events = await eventsOf(app, id, doctor.credential)
      await events.next()
      await other.next()
      state.valid = false
      if (how === 'an event') await desk('POST', '/token', { roomId, userId: 'p', userName: 'Asha Rao' })
      expect(await events.next()).toBeUndefined()
      if (how === 'an event') expect(await other.next()).toMatchObject({ event: 'waiting' })
    },
  )

  it('end for a user who is revoked, who cannot open them again', async () => {
    const { id, app, desk, user } = await start({ doctorId: 'd', patientId: 'p' })
    const [patient, doctor] = [await user('p', 'patient'), await user('d', 'doctor')]
    const [events, others] = [await eventsOf(app, id, patient.credential), await eventsOf(app, id, doctor.credential)]
    await events.next()
    await others.next()
    await desk('POST', '/revocations', { consultationId: id, userId: 'p' })
    expect(await events.next()).toBeUndefined()
    expect(await patient('GET', `/consultations/${id}/events`)).toMatchObject({
      status: 403,
      body: { code: 'revoked' },
    })
    await desk('POST', `/consultations/${id}/end`)
    expect(await others.next()).toMatchObject({ event: 'ended' })
  })

  it('can be opened twenty times by one API key for one consultation, and still by its users', async () => {
    const { user, id, app, desk, visit } = await start({ doctorId: 'd', patientId: 'p' })
    const all = await Promise.all(Array.from({ length: 22 }, () => eventsOf(app, id, desk.credential).catch(String)))
    expect(all.filter((each) => each === 'Error: no events: 429')).toHaveLength(2)
    await eventsOf(app, id, (await user('d', 'doctor')).credential)
    await eventsOf(app, (await visit()).id, desk.credential)
  })

  it('cannot be opened by HEAD', async () => {
    const { id, app, desk } = await start()
    const headers = { authorization: `Bearer ${desk.credential}` }
    const answer = await app.inject({ method: 'HEAD', url: `/api/jitsi/consultations/${id}/events`, headers })
    expect(answer.statusCode).toBe(404)
  })

  it('end when the service stops', async () => {
    const { id, app, desk } = await start()
    const events = await eventsOf(app, id, desk.credential)
    await events.next()
    await app.close()
    expect(await events.next()).toBeUndefined()
  })
})

describe('a browser that redeemed an invitation', () => {
  it('gets the admission event by its cookie alone, for no other consultation, until the invitation is revoked', async () => {
    const { desk, nobody, visit, id, app } = await start()
    const invited = await desk<{ id: string; code: string }>('POST', `/consultations/${id}/invitations`, {
      role: 'patient',
      userId: 'patient-1042',
      name: 'Asha Rao',
    })
    const redeemed = await nobody('POST', '/invitations/redeem', { code: invited.body.code })
    expect(redeemed).toMatchObject({ status: 202, body: { state: 'waiting' } })
    const cookie = String(redeemed.headers['set-cookie']).split(';', 1)[0] ?? ''
    const events = await eventsOf(app, id, { cookie })
    const first = await events.next()
    expect(first).toMatchObject({ event: 'state', data: { waitingSince: new Date(START).toISOString() } })
    expect(JSON.stringify(first)).not.toContain('"waiting"')
    await desk('POST', `/consultations/${id}/admit`, { userId: 'patient-1042' })
    expect(await events.next()).toMatchObject({ event: 'admitted' })
    const other = await visit({ startsAt: undefined })
    expect(await nobody('GET', `/consultations/${other.id}/events`, undefined, { cookie })).toMatchObject({
      status: 401,
    })
    await desk('DELETE', `/consultations/${id}/invitations/${invited.body.id}`)
    expect(await events.next()).toBeUndefined()
    expect(await nobody('GET', `/consultations/${id}/events`, undefined, { cookie })).toMatchObject({ status: 401 })
  })
})
