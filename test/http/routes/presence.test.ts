import { describe, expect, it } from 'vitest'
import { browserOf, invite, SAME_ORIGIN, START } from '../../support/invitations.ts'
import { DESK, eventsOf, MINUTE_MS, startVisits, VISIT } from '../../support/consultations.ts'

const PATIENT = { userId: VISIT.patientId, userName: 'Asha Rao' }
const HEARTBEAT = { EVENTS_HEARTBEAT_SECONDS: '1' }

async function start(env: Record<string, string> = {}) {
  const visits = await startVisits(env)
  const { id, roomId } = await visits.visit({ waitingRoom: true })
  visits.time.now = START
  const { desk, time } = visits
  return {
    ...visits,
    id,
    roomId,
    ask: () => desk('POST', '/token', { roomId, ...PATIENT }),
    waiting: async () => (await desk<{ waiting: object[] }>('GET', `/consultations/${id}/waiting`)).body.waiting,
    iso: () => new Date(time.now).toISOString(),
  }
}

describe('a participant who waits', () => {
  it('is in the list for 60 s after the last request, and comes back with the first time', async () => {
    const { ask, waiting, time, iso } = await start()
    await ask()
    const since = iso()
    expect(await waiting()).toMatchObject([{ userId: VISIT.patientId, since, lastSeenAt: since }])
    time.now += 30_000
    await ask()
    const lastSeenAt = iso()
    time.now += 60_000
    expect(await waiting()).toMatchObject([{ since, lastSeenAt }])
    time.now += 1
    expect(await waiting()).toStrictEqual([])
    await ask()
    expect(await waiting()).toMatchObject([{ since, lastSeenAt: iso() }])
  })

  it('leaves after the time of the setting', async () => {
    const { ask, waiting, time } = await start({ WAITING_TIMEOUT_SECONDS: '300' })
    await ask()
    time.now += 300_000
    expect(await waiting()).toHaveLength(1)
    time.now += 1
    expect(await waiting()).toHaveLength(0)
  })

  it('is reported as left, and as waiting once it is back', async () => {
    const { app, id, ask, time } = await start(HEARTBEAT)
    const events = await eventsOf(app, id, DESK.apiKey)
    expect(await events.next()).toMatchObject({ event: 'state', data: { waiting: [] } })
    await ask()
    expect(await events.next()).toMatchObject({ event: 'waiting', data: { waiting: [{ name: 'Asha Rao' }] } })
    time.now += MINUTE_MS + 1
    expect(await events.next()).toMatchObject({ event: 'left', data: { waiting: [] } })
    await ask()
    const since = new Date(START).toISOString()
    expect(await events.next()).toMatchObject({ event: 'waiting', data: { waiting: [{ since }] } })
  })

  it('is there while its event stream is open, without an event and without an audit entry for each heartbeat', async () => {
    const visits = await startVisits(HEARTBEAT)
    const { code, consultation } = await invite(visits, { role: 'patient', name: 'Asha Rao' }, { waitingRoom: true })
    visits.time.now = START
    const browser = browserOf(visits.nobody)
    await browser.redeem(code)
    const presented = { cookie: browser.cookie() ?? '', ...SAME_ORIGIN }
    const events = await eventsOf(visits.app, consultation.id, presented)
    await events.next()
    const entries = visits.entries().length
    const seen = async () =>
      (await visits.parts.consultations.findById(consultation.id))?.participants.at(-1)?.lastSeenAt
    for (const minutes of [1, 2, 3]) {
      visits.time.now = START + minutes * MINUTE_MS
      await expect.poll(seen, { timeout: 30_000 }).toBe(visits.time.now)
    }
    expect(visits.entries()).toHaveLength(entries)
    const list = await visits.desk('GET', `/consultations/${consultation.id}/waiting`)
    expect(list).toMatchObject({ body: { waiting: [{ since: new Date(START).toISOString() }] } })
    await visits.desk('POST', `/consultations/${consultation.id}/end`)
    expect(await events.next()).toMatchObject({ event: 'ended' })
  })

  it('who left takes no place of another guest', async () => {
    const visits = await startVisits()
    const { code } = await invite(visits, { role: 'patient', uses: 50, name: 'A Guest' }, { waitingRoom: true })
    visits.time.now = START
    const redeem = async () => (await browserOf(visits.nobody).redeem(code)).status
    for (let guests = 0; guests < 20; guests += 1) expect(await redeem()).toBe(202)
    expect(await redeem()).toBe(429)
    visits.time.now += MINUTE_MS + 1
    expect(await redeem()).toBe(202)
  })
})

describe('names', () => {
  it('of tokens are shown to moderators, and those of moderators to everybody', async () => {
    const { desk, id, roomId, ask, issuer, app } = await start()
    await ask()
    expect(await desk('GET', `/consultations/${id}`)).toMatchObject({
      body: { participants: [{}, { userId: VISIT.patientId, name: 'Asha Rao' }], moderators: [{ role: 'doctor' }] },
    })
    await desk('POST', '/token', { roomId, userId: VISIT.doctorId, userName: 'Dr. Meera Iyer' })
    const moderators = [{ role: 'doctor', name: 'Dr. Meera Iyer', enteredAt: new Date(START).toISOString() }]
    const asUser = await issuer.sign({ sub: VISIT.patientId, name: 'Asha Rao', roles: ['patient'] })
    const own = await app.inject({
      url: `/api/jitsi/consultations/${id}`,
      headers: { authorization: `Bearer ${asUser}` },
    })
    expect(own.json()).toMatchObject({ participants: [{ userId: VISIT.patientId }], moderators })
    const events = await eventsOf(app, id, asUser)
    expect(await events.next()).toMatchObject({ event: 'state', data: { moderators } })
  })

  it('of the consultation are kept', async () => {
    const visits = await startVisits()
    const participants = [{ userId: VISIT.patientId, role: 'patient', name: 'Asha Rao' }]
    const { id, roomId } = await visits.visit({ participants })
    visits.time.now = START
    await visits.desk('POST', '/token', { roomId, userId: VISIT.patientId, userName: 'Somebody Else' })
    expect(await visits.desk('GET', `/consultations/${id}`)).toMatchObject({
      body: { participants: [{}, { name: 'Asha Rao' }] },
    })
  })

  it('of an invitation become those of the participant', async () => {
    const visits = await startVisits()
    const { consultation } = await invite(visits, { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' })
    expect(await visits.desk('GET', `/consultations/${consultation.id}`)).toMatchObject({
      body: { participants: [{}, { userId: VISIT.patientId, name: 'Asha Rao' }] },
    })
  })
})
