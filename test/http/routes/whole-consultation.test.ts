import { decodeJwt } from 'jose'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { buildApp } from '../../../src/app/app.ts'
import { readConfig } from '../../../src/config/config.ts'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { NOW, tempDir, testEnv, UNLIMITED } from '../../kit.ts'
import { SAME_ORIGIN } from '../../support/invitations.ts'
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

/** Two replicas of one service, each with requests of the backend and requests without a credential. */
type Replicas = {
  desks: [Ask, Ask]
  nobodies: [Ask, Ask]
  apps: [Visits['app'], Visits['app']]
  setNow(ms: number): void
}

/** Advances the clock by a millisecond per request, so that the entries of two writers have an order. */
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

/** An embedded database belongs to one process, so two servers share the dependencies. */
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

/** The audit entries of the consultation, without reads. */
const RECORDED = [
  'consultation.create done',
  'invitation.create done',
  'invitation.redeem refused too-early',
  'invitation.redeem done',
  'token.issue waiting',
  'invitation.move done',
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

it('a whole consultation over REST on two replicas with SQLite', async () => {
  expect(await wholeVisit(await onSqlite())).toStrictEqual(RECORDED)
})

const skipped = THERE ? '' : ' (skipped: no TEST_DATABASE_URL)'
it.skipIf(!THERE)(`a whole consultation over REST on two replicas with PostgreSQL${skipped}`, async () => {
  expect(await wholeVisit(await onPostgres())).toStrictEqual(RECORDED)
})

/** Runs the consultation. @returns its audit entries in order, without reads */
async function wholeVisit({ desks, nobodies, apps, setNow }: Replicas): Promise<string[]> {
  const [desk, otherDesk] = desks
  const [browser, otherBrowser] = nobodies

  // Create it; both replicas know it.
  const made = await desk<ConsultationAnswer>('POST', '/consultations', { ...VISIT, waitingRoom: true })
  expect(made.status).toBe(201)
  const { id, roomId } = made.body
  const at = `/consultations/${id}`
  expect((await otherDesk('GET', at)).body).toStrictEqual(made.body)

  // Invite; it is too early to enter, so the invitation is not used.
  const invited = await otherDesk<{ code: string }>('POST', `${at}/invitations`, {
    role: 'patient',
    userId: VISIT.patientId,
    name: 'Asha Rao',
    uses: 1,
  })
  const { code } = invited.body
  setNow(NOW + MINUTE_MS)
  const early = await browser('POST', '/invitations/redeem', { code })
  const opensAt = new Date(START - 15 * MINUTE_MS).toISOString()
  expect(early).toMatchObject({ status: 403, body: { code: 'too-early', opensAt } })
  expect(early.headers).not.toHaveProperty('set-cookie')

  // Wait, first in the browser of a messenger, then in another one; the other replica sends the admission at once.
  setNow(START - 10 * MINUTE_MS)
  const waiting = { status: 202, body: { state: 'waiting', consultationId: id } }
  expect(await browser('POST', '/invitations/redeem', { code })).toMatchObject(waiting)
  const opened = await otherBrowser('POST', '/invitations/redeem', { code })
  expect(opened).toMatchObject(waiting)
  const cookie = String(opened.headers['set-cookie']).split(';', 1)[0] ?? ''
  const redeem = (ask: Ask) =>
    ask<{ token?: string; state?: string }>('POST', '/invitations/redeem', {}, { cookie, ...SAME_ORIGIN })
  expect(await redeem(otherBrowser)).toMatchObject(waiting)
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
  await expect.poll(async () => (await events.next())?.event, { timeout: 60_000 }).toBe('admitted')

  // Extend it; the event streams get the new time.
  const version = String((await desk('GET', at)).headers['etag'])
  const longer = await desk('PATCH', at, { durationMinutes: 180 }, { 'if-match': version })
  expect(longer).toMatchObject({ status: 200 })
  expect(await events.next()).toMatchObject({ event: 'rescheduled' })
  const patient = await redeem(browser)
  expect(patient).toMatchObject({ status: 200, body: { moderator: false, userRole: 'patient' } })

  // Lose the connection; the other replica renews the expired token.
  const old = patient.body.token ?? ''
  setNow(Number(decodeJwt(old).exp) * 1000 + 5 * MINUTE_MS)
  const renewed = await otherBrowser<{ token: string }>('POST', '/token/renew', { token: old })
  expect(renewed).toMatchObject({ status: 200, body: { roomId, userRole: 'patient', moderator: false } })

  // End it; nobody can enter any more.
  expect(await otherDesk('POST', `${at}/end`)).toMatchObject({ status: 200, body: { state: 'ended' } })
  for (const ask of nobodies) {
    expect(await ask('POST', '/token/renew', { token: renewed.body.token })).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    expect(await redeem(ask)).toMatchObject({ status: 409, body: { code: 'consultation-ended' } })
  }

  // The audit record has all of it, in order.
  const { body } = await desk<{ entries: Record<string, string>[] }>('GET', `/audit?consultation=${id}&limit=1000`)
  const recorded = body.entries.toReversed().filter(({ action }) => action !== 'consultation.read')
  const renewal = recorded.find(({ action, outcome }) => action === 'token.renew' && outcome === 'issued')
  expect(renewal).toMatchObject({ renews: decodeJwt(old).jti, jti: decodeJwt(renewed.body.token).jti })
  return recorded.map(({ action, outcome, code: why }) => [action, outcome, why ?? ''].join(' ').trim())
}
