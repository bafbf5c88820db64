import { decodeJwt } from 'jose'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { buildApp } from '../../../src/app/app.ts'
import { readConfig } from '../../../src/config/config.ts'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { NOW, tempDir, testEnv, UNLIMITED } from '../../kit.ts'
import { newPostgres } from '../../store/engines/engines.ts'
import {
  type Ask,
  asking,
  DESK,
  eventsOf,
  MINUTE_MS,
  startVisits,
  VISIT,
  type Visits,
  visitPolicy,
} from '../../support/consultations.ts'

const THERE = process.env['TEST_DATABASE_URL'] !== undefined

/** Two replicas of one service: what each is asked by the desk, and by whoever has no credential. */
type Replicas = {
  desks: [Ask, Ask]
  nobodies: [Ask, Ask]
  apps: [Visits['app'], Visits['app']]
  setNow(ms: number): void
}

/** Each request a millisecond after the one before, so that the record of two writers has an order. */
function replicasOf(apps: Replicas['apps'], moveTo: Replicas['setNow']): Replicas {
  let now = NOW
  const setNow = (ms: number) => moveTo((now = ms))
  const ticking = (ask: Ask): Ask =>
    Object.assign(
      ((...given) => {
        setNow(now + 1)
        return ask(...given)
      }) as typeof ask,
      { credential: ask.credential },
    )
  return {
    desks: [ticking(asking(apps[0], DESK.apiKey)), ticking(asking(apps[1], DESK.apiKey))],
    nobodies: [ticking(asking(apps[0], undefined)), ticking(asking(apps[1], undefined))],
    apps,
    setNow,
  }
}

/** An embedded database is of one process alone: there, two servers share its parts. */
async function onSqlite(): Promise<Replicas> {
  const first = await startVisits()
  const { config } = readConfig({ ...testEnv(tempDir(), visitPolicy()), ...UNLIMITED, NODE_ENV: 'test' })
  const second = await buildApp(config, first.parts, pino({ level: 'silent' }))
  onTestFinished(() => second.close())
  return replicasOf([first.app, second], (ms) => void (first.time.now = ms))
}

async function onPostgres(): Promise<Replicas> {
  const url = await newPostgres()
  const [first, second] = [
    await startVisits({ DATABASE_URL: url, AUDIT_WRITER: 'a' }),
    await startVisits({ DATABASE_URL: url, AUDIT_WRITER: 'b' }),
  ]
  return replicasOf([first.app, second.app], (ms) => void (first.time.now = second.time.now = ms))
}

const START = Date.parse(VISIT.startsAt)

/** What the record says of the visit, but for reads. */
const RECORDED = [
  'consultation.create done',
  'invitation.create done',
  'invitation.redeem done',
  'token.issue refused too-early',
  'invitation.redeem refused invitation-invalid',
  'token.issue waiting',
  'token.issue issued',
  'consultation.admit done',
  'consultation.change done',
  'token.issue issued',
  'token.renew issued',
  'consultation.end done',
  'token.renew refused consultation-ended',
  'invitation.redeem refused consultation-ended',
  'token.renew refused consultation-ended',
  'invitation.redeem refused consultation-ended',
]

it('the whole visit over REST alone, on two replicas with SQLite', async () => {
  expect(await wholeVisit(await onSqlite())).toStrictEqual(RECORDED)
})

const skipped = THERE ? '' : ' (skipped: no TEST_DATABASE_URL)'
it.skipIf(!THERE)(`the whole visit over REST alone, on two replicas with PostgreSQL${skipped}`, async () => {
  expect(await wholeVisit(await onPostgres())).toStrictEqual(RECORDED)
})

/** Makes the visit. @returns what the record says of it, in order, but for reads */
async function wholeVisit({ desks, nobodies, apps, setNow }: Replicas): Promise<string[]> {
  const [desk, otherDesk] = desks
  const [browser, otherBrowser] = nobodies

  // Made, and known to both.
  const made = await desk<ConsultationAnswer>('POST', '/consultations', { ...VISIT, waitingRoom: true })
  expect(made.status).toBe(201)
  const { id, roomId } = made.body
  const at = `/consultations/${id}`
  expect((await otherDesk('GET', at)).body).toStrictEqual(made.body)

  // Invited; too early, and bound to the browser all the same.
  const invited = await otherDesk<{ code: string }>('POST', `${at}/invitations`, {
    role: 'patient',
    userId: VISIT.patientId,
    name: 'Asha Rao',
  })
  const { code } = invited.body
  setNow(NOW + MINUTE_MS)
  const early = await browser('POST', '/invitations/redeem', { code })
  const opensAt = new Date(START - 15 * MINUTE_MS).toISOString()
  expect(early).toMatchObject({ status: 403, body: { code: 'too-early', opensAt } })
  const cookie = String(early.headers['set-cookie']).split(';', 1)[0] ?? ''
  const redeem = (ask: Ask, presented = cookie) =>
    ask<{ token?: string; state?: string }>('POST', '/invitations/redeem', { code }, { cookie: presented })
  expect(await redeem(otherBrowser, '')).toMatchObject({ status: 403, body: { code: 'invitation-invalid' } })

  // Waiting, and told of the admission at once by the other replica.
  setNow(START - 10 * MINUTE_MS)
  expect(await redeem(otherBrowser)).toMatchObject({ status: 202, body: { state: 'waiting', consultationId: id } })
  const events = await eventsOf(apps[1], id, { cookie })
  expect(await events.next()).toMatchObject({ event: 'state', data: { state: 'scheduled' } })
  const doctor = await desk<{ token: string }>('POST', '/token', {
    roomId,
    userId: VISIT.doctorId,
    userName: 'Dr. Meera Iyer',
  })
  expect(doctor).toMatchObject({ status: 200, body: { moderator: true } })
  expect(await desk('GET', `${at}/waiting`)).toMatchObject({ body: { waiting: [{ userId: VISIT.patientId }] } })
  expect(await desk('POST', `${at}/admit`, { userId: VISIT.patientId })).toMatchObject({ status: 200 })
  await expect.poll(async () => (await events.next())?.event, { timeout: 10_000 }).toBe('admitted')

  // It will take longer, which whoever listens hears.
  const version = String((await desk('GET', at)).headers['etag'])
  const longer = await desk('PATCH', at, { durationMinutes: 180 }, { 'if-match': version })
  expect(longer).toMatchObject({ status: 200 })
  expect(await events.next()).toMatchObject({ event: 'rescheduled' })
  const patient = await redeem(browser)
  expect(patient).toMatchObject({ status: 200, body: { moderator: false, userRole: 'patient' } })

  // Dropped, and renewed by the other replica, the old token out of date.
  const old = patient.body.token ?? ''
  setNow(Number(decodeJwt(old).exp) * 1000 + 5 * MINUTE_MS)
  const renewed = await otherBrowser<{ token: string }>('POST', '/token/renew', { token: old })
  expect(renewed).toMatchObject({ status: 200, body: { roomId, userRole: 'patient', moderator: false } })

  // Ended, and nobody comes in any more.
  expect(await otherDesk('POST', `${at}/end`)).toMatchObject({ status: 200, body: { state: 'ended' } })
  for (const ask of nobodies) {
    expect(await ask('POST', '/token/renew', { token: renewed.body.token })).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    expect(await redeem(ask)).toMatchObject({ status: 409, body: { code: 'consultation-ended' } })
  }

  // The record has all of it, in order.
  const { body } = await desk<{ entries: Record<string, string>[] }>('GET', `/audit?consultation=${id}&limit=1000`)
  const told = body.entries.toReversed().filter(({ action }) => action !== 'consultation.read')
  const renewal = told.find(({ action, outcome }) => action === 'token.renew' && outcome === 'issued')
  expect(renewal).toMatchObject({ renews: decodeJwt(old).jti, jti: decodeJwt(renewed.body.token).jti })
  return told.map(({ action, outcome, code: why }) => [action, outcome, why ?? ''].join(' ').trim())
}
