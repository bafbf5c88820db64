import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { decodeJwt } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CreatedRevocation, RevocationPage } from '../../../src/contract/revocation.ts'
import type { Deps } from '../../../src/app/compose.ts'
import { openRevocationCache } from '../../../src/service/revocations/cache.ts'
import { ServiceFault } from '../../../src/service/fault.ts'
import type { Conferences } from '../../../src/service/consultations/ports.ts'
import { APP_ID, CLINIC, NOW, scrape } from '../../kit.ts'
import { newPostgres } from '../../store/engines/engines.ts'
import { asking, eventsOf, MINUTE_MS, startVisits, VISIT, type Visits } from '../../support/consultations.ts'

const START = Date.parse(VISIT.startsAt)
const PATIENT = { userId: VISIT.patientId, userName: 'Asha Rao' }
const DOCTOR = { userId: VISIT.doctorId, userName: 'Dr. Meera Iyer' }
const POSTGRES = process.env['TEST_DATABASE_URL']

/** An open consultation, with functions to request tokens for it and to revoke. */
async function opened(
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
  change: object = {},
  env: Record<string, string> = {},
) {
  const visits = await startVisits(env, replace)
  const { id, roomId } = await visits.visit(change)
  visits.time.now = START
  return { ...visits, id, roomId, ...asks(visits, roomId) }
}

const asks = ({ desk, nobody }: Visits, roomId: string) => ({
  enter: async (person: object) => {
    const { status, body } = await desk<{ token: string; code: string }>('POST', '/token', { roomId, ...person })
    return { said: body.code ?? status, token: body.token }
  },
  renew: async (token: string) => {
    const { status, body } = await nobody('POST', '/token/renew', { token })
    return body['code'] ?? status
  },
  revoke: async (request: object) => {
    const { status, body } = await desk<CreatedRevocation>('POST', '/revocations', request)
    if (status !== 201) throw new Error(`nothing was revoked: ${JSON.stringify(body)}`)
    return body
  },
})

/** Conferences that collect the calls they get. */
function createConferenceLog(fails = false): Conferences & { calls: string[] } {
  const calls: string[] = []
  const note = async (...words: string[]) => {
    calls.push(words.join(' '))
    if (fails) throw new ServiceFault('conference-unavailable')
  }
  return {
    calls,
    banUser: (userId) => note('ban', userId),
    destroy: (room) => note('destroy', room),
    kick: (room, participantId) => note('kick', room, participantId),
  }
}

describe('a revocation', () => {
  it('of a user blocks every token and renewal of that user only, until it is lifted', async () => {
    const { desk, enter, renew, id, entries } = await opened()
    const { token } = await enter(PATIENT)
    const { status, body } = await desk<CreatedRevocation>('POST', '/revocations', { userId: PATIENT.userId })
    expect({ status, body }).toStrictEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        userId: PATIENT.userId,
        createdAt: new Date(START).toISOString(),
        conference: 'off',
      },
    })
    expect(entries().at(-1)).toMatchObject({ action: 'revocation.create', outcome: 'done', user_id: PATIENT.userId })
    expect([(await enter(PATIENT)).said, await renew(token), (await enter(DOCTOR)).said]).toStrictEqual([
      'revoked',
      'revoked',
      200,
    ])
    expect(entries().slice(-3, -1)).toMatchObject([
      { action: 'token.issue', outcome: 'refused', code: 'revoked', consultation: id, user_id: PATIENT.userId },
      { action: 'token.renew', outcome: 'refused', code: 'revoked', caller: 'desk-backend' },
    ])
    expect((await desk('DELETE', `/revocations/${body.id}`)).status).toBe(204)
    expect(entries().at(-1)).toMatchObject({ action: 'revocation.lift', outcome: 'done', user_id: PATIENT.userId })
    expect([(await enter(PATIENT)).said, await renew(token)]).toStrictEqual([200, 200])
    expect(await desk('DELETE', `/revocations/${body.id}`)).toMatchObject({
      status: 404,
      body: { code: 'revocation-not-found' },
    })
  })

  it('also applies to callers with a room pattern: of a user everywhere, of a consultation in its room', async () => {
    const { app, desk, id, roomId } = await opened()
    const clinic = asking(app, CLINIC.apiKey)
    const ask = async (room: string, userId: string) => {
      const request = { roomId: room, userId, userName: 'A Name', userRole: 'patient' }
      const { status, body } = await clinic('POST', '/token', request)
      return body['code'] ?? status
    }
    const elsewhere = 'bharattelemed-elsewhere'
    const codes = async () => [await ask(roomId, 'p-1'), await ask(elsewhere, 'p-1'), await ask(elsewhere, 'p-2')]
    expect(await codes()).toStrictEqual([200, 200, 200])
    await desk('POST', '/revocations', { consultationId: id })
    expect(await codes()).toStrictEqual(['revoked', 200, 200])
    await desk('POST', '/revocations', { userId: 'p-1' })
    expect(await codes()).toStrictEqual(['revoked', 'revoked', 200])
  })

  it('of a consultation blocks everyone there, and of a user in a consultation only that user there', async () => {
    const { desk, enter, revoke, id, visit, time, nobody } = await opened()
    time.now = NOW
    const other = await visit({ doctorId: 'doctor-78' })
    time.now = START
    const there = asks({ desk, nobody } as Visits, other.roomId)
    const narrow = await revoke({ consultationId: id, userId: PATIENT.userId })
    expect(narrow).toMatchObject({ consultationId: id, userId: PATIENT.userId })
    const codes = async () => [
      (await enter(PATIENT)).said,
      (await enter(DOCTOR)).said,
      (await there.enter(PATIENT)).said,
    ]
    expect(await codes()).toStrictEqual(['revoked', 200, 200])
    await revoke({ consultationId: id })
    expect(await codes()).toStrictEqual(['revoked', 'revoked', 200])
  })

  it('of older tokens blocks their renewal, but not new tokens', async () => {
    const { enter, renew, revoke, time } = await opened()
    const { token: patients } = await enter(PATIENT)
    const { token: doctors } = await enter(DOCTOR)
    time.now += MINUTE_MS
    await revoke({ userId: PATIENT.userId, issuedBefore: new Date(time.now).toISOString() })
    expect([await renew(patients), await renew(doctors)]).toStrictEqual(['revoked', 200])
    const { said, token } = await enter(PATIENT)
    expect([said, await renew(token)]).toStrictEqual([200, 200])
    await revoke({ issuedBefore: new Date(time.now).toISOString() })
    expect([await renew(doctors), await renew(token)]).toStrictEqual(['revoked', 200])
  })

  it('applies to a token that is being signed', async () => {
    const visits = await startVisits({}, ({ ledger }) => ({
      ledger: {
        ...ledger,
        async append(entry) {
          const position = await ledger.append(entry)
          if (entry.outcome === 'issued') await visits.desk('POST', '/revocations', { userId: 'doctor-77' })
          return position
        },
      },
    }))
    const { roomId } = await visits.visit()
    visits.time.now = START
    const answer = await visits.desk('POST', '/token', { roomId, userId: 'doctor-77', userName: 'D' })
    expect(answer).toMatchObject({ status: 403, body: { code: 'revoked' } })
    expect(visits.entries().at(-1)).toMatchObject({ action: 'token.issue', outcome: 'refused', code: 'revoked' })
  })

  it('applies to the instance that answers, even if the change bus fails', async () => {
    const { enter, revoke, desk } = await opened(({ changeBus }) => ({
      changeBus: { ...changeBus, publish: () => undefined },
    }))
    const { id } = await revoke({ userId: PATIENT.userId })
    expect((await enter(PATIENT)).said).toBe('revoked')
    await desk('DELETE', `/revocations/${id}`)
    expect((await enter(PATIENT)).said).toBe(200)
  })

  it('is not disclosed to users who may not enter anyway, and reserves no place for the revoked user', async () => {
    const { desk, enter, revoke, id, time } = await opened(undefined, { waitingRoom: true, maxParticipants: 1 })
    await revoke({ userId: PATIENT.userId })
    await revoke({ userId: 'stchangeser' })
    expect((await enter({ ...PATIENT, userId: 'stchangeser' })).said).toBe('not-a-participant')
    time.now = NOW
    expect((await enter(PATIENT)).said).toBe('too-early')
    time.now = START
    expect((await enter(PATIENT)).said).toBe('revoked')
    expect((await desk('GET', `/consultations/${id}/waiting`)).body).toStrictEqual({ waiting: [] })
    await desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
    expect([(await enter(PATIENT)).said, (await enter(DOCTOR)).said]).toStrictEqual(['revoked', 200])
  })

  it('must name an existing user or consultation and a time in the past', async () => {
    const { desk, entries } = await opened()
    const unknown = '019ab000-0000-7000-8000-00000000ffff'
    const refused = async (body: object) => {
      const answer = await desk<{ code: string; errors?: unknown }>('POST', '/revocations', body)
      return [answer.status, answer.body.code]
    }
    const wrong = [{}, { userId: '' }, { consultationId: 'x' }, { userId: 'u', more: 1 }, { issuedBefore: 'yesterday' }]
    for (const body of wrong) expect(await refused(body)).toStrictEqual([400, 'invalid-request'])
    expect(await refused({ issuedBefore: new Date(START + 1).toISOString() })).toStrictEqual([400, 'invalid-request'])
    expect(await refused({ issuedBefore: '2026-02-30T00:00:00Z' })).toStrictEqual([400, 'invalid-request'])
    expect(await refused({ consultationId: unknown })).toStrictEqual([404, 'consultation-not-found'])
    expect(entries().at(-1)).toMatchObject({ action: 'revocation.create', code: 'consultation-not-found' })
    expect((await desk<RevocationPage>('GET', '/revocations')).body.revocations).toStrictEqual([])
  })

  it('requires the scope tokens:revoke', async () => {
    const { reader, nobody, entries } = await opened()
    for (const [method, path] of [
      ['POST', '/revocations'],
      ['GET', '/revocations'],
      ['DELETE', '/revocations/019ab000-0000-7000-8000-000000000001'],
    ] as const) {
      expect(await reader(method, path, method === 'POST' ? { userId: 'u' } : undefined)).toMatchObject({
        status: 403,
        body: { code: 'scope-missing' },
      })
      expect((await nobody(method, path, method === 'POST' ? { userId: 'u' } : undefined)).status).toBe(401)
    }
    expect(entries().filter(({ code }) => code === 'scope-missing')).toMatchObject(
      ['revocation.create', 'revocation.read', 'revocation.lift'].map((action) => ({ action })),
    )
  })

  it('is listed newest first, page by page, and counted', async () => {
    const { desk, revoke, time, app, entries } = await opened()
    const ids = []
    for (let index = 0; index < 5; index += 1) {
      if (index % 2 === 0) time.now += 1000
      ids.unshift((await revoke({ userId: `u-${index}` })).id)
    }
    const listed: string[] = []
    let next: string | undefined
    do {
      const query = next === undefined ? '?limit=2' : `?limit=2&cursor=${next}`
      const { body } = await desk<RevocationPage>('GET', `/revocations${query}`)
      listed.push(...body.revocations.map(({ id }) => id))
      next = body.nextCursor
    } while (next !== undefined)
    expect(listed).toStrictEqual(ids)
    expect(entries().at(-1)).toMatchObject({ action: 'revocation.read', outcome: 'done' })
    for (const query of ['?limit=0', '?limit=501', '?cursor=x', '?userId=u'])
      expect((await desk('GET', `/revocations${query}`)).status).toBe(400)
    expect((await scrape(app)).body).toContain('jts_revocations_in_force 5\n')
  })

  it('is published to the event streams of the consultation', async () => {
    const { app, desk, parts, id, revoke } = await opened()
    const { next } = await eventsOf(app, id, desk.credential)
    await next()
    let changes = 0
    parts.changeBus.subscribe(id, () => void (changes += 1))
    await revoke({ consultationId: id })
    await expect.poll(() => changes).toBe(1)
  })
})

describe('the running meeting', () => {
  it('bans a user who is revoked everywhere, and is destroyed with its consultation', async () => {
    const conferences = createConferenceLog()
    const { revoke, id, roomId, time, entries } = await opened(() => ({ conferences }))
    const outcomes = []
    for (const body of [
      { userId: PATIENT.userId },
      { consultationId: id },
      { consultationId: id, userId: PATIENT.userId },
      { userId: PATIENT.userId, issuedBefore: new Date(time.now).toISOString() },
      { issuedBefore: new Date(time.now).toISOString() },
    ])
      outcomes.push((await revoke(body)).conference)
    expect(outcomes).toStrictEqual(['done', 'done', 'off', 'off', 'off'])
    expect(conferences.calls).toStrictEqual([`ban ${PATIENT.userId}`, `destroy ${roomId}`])
    expect(entries().filter(({ action }) => String(action).startsWith('conference.'))).toMatchObject([
      { action: 'conference.ban', outcome: 'done', user_id: PATIENT.userId },
      { action: 'conference.destroy', outcome: 'done', consultation: id, room: roomId },
    ])
  })

  it('is changed over the management endpoints of JaaS if the settings allow it', async () => {
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      const { authorization = '' } = request.headers
      const { admin, room } = decodeJwt(authorization.replace('Bearer ', ''))
      void text(request).then((body) => {
        asked.push({ url: request.url, admin, room, body })
        response.end()
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const env = { JAAS_MANAGEMENT: 'on', JAAS_MANAGEMENT_URL: `http://127.0.0.1:${port}` }
    const { desk, revoke, id, roomId } = await opened(undefined, {}, env)
    expect(await revoke({ userId: PATIENT.userId })).toMatchObject({ conference: 'done' })
    expect(await revoke({ consultationId: id })).toMatchObject({ conference: 'done' })
    expect((await desk('POST', `/consultations/${id}/kick`, { participantId: '4a1b0c9d' })).status).toBe(204)
    const conferenceFullName = `${roomId}@conference.${APP_ID}.8x8.vc`
    const commands = '/v1/_jaas/conference-commands/v1/meeting'
    const says = (url: string, body: string) => ({ url, admin: true, room: undefined, body })
    expect(asked).toStrictEqual([
      says(`/v1/_jaas/jaccess/v1/access-management/${APP_ID}/ban/user/${PATIENT.userId}`, ''),
      says(commands, JSON.stringify({ action: 'DESTROY', payload: { conferenceFullName } })),
      says(
        commands,
        JSON.stringify({ action: 'KICK_PARTICIPANT', payload: { conferenceFullName, participantId: '4a1b0c9d' } }),
      ),
    ])
  })

  it('does not undo a revocation when it does not answer', async () => {
    const conferences = createConferenceLog(true)
    const { revoke, enter, entries } = await opened(() => ({ conferences }))
    expect(await revoke({ userId: PATIENT.userId })).toMatchObject({ conference: 'failed' })
    expect(entries().at(-1)).toMatchObject({
      action: 'conference.ban',
      outcome: 'refused',
      code: 'conference-unavailable',
    })
    expect((await enter(PATIENT)).said).toBe('revoked')
  })

  it('is destroyed when the consultation ends, without delaying the answer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const destroyed: string[] = []
    const conferences = { ...createConferenceLog(), destroy: (room: string) => (destroyed.push(room), promise) }
    const { desk, id, roomId, entries, parts } = await opened(() => ({ conferences }))
    expect((await desk('POST', `/consultations/${id}/end`)).status).toBe(200)
    expect(entries().at(-1)).toMatchObject({ action: 'consultation.end', outcome: 'done' })
    resolve()
    await parts.background.waitUntilIdle()
    expect(destroyed).toStrictEqual([roomId])
    expect(entries().at(-1)).toMatchObject({ action: 'conference.destroy', outcome: 'done', consultation: id })
    await desk('POST', `/consultations/${id}/end`)
    await parts.background.waitUntilIdle()
    expect(destroyed).toHaveLength(1)
  })

  it('is destroyed when a consultation with participants in it is cancelled', async () => {
    const conferences = createConferenceLog()
    const { desk, id, roomId, enter, parts, visit, time } = await opened(() => ({ conferences }))
    time.now = NOW
    const unopened = await visit({ doctorId: 'doctor-78' })
    time.now = START
    await enter(DOCTOR)
    for (const each of [unopened.id, id]) await desk('POST', `/consultations/${each}/cancel`)
    await parts.background.waitUntilIdle()
    expect(conferences.calls).toStrictEqual([`destroy ${roomId}`])
  })

  it('loses a participant that a moderator kicks', async () => {
    const conferences = createConferenceLog()
    const visits = await opened(() => ({ conferences }), { doctorId: 'auth0|77', patientId: 'auth0|1042' })
    const { desk, user, id, roomId, entries, reader } = visits
    const path = `/consultations/${id}/kick`
    const body = { participantId: '4a1b0c9d' }
    const doctor = await user('auth0|77', 'doctor')
    const patient = await user('auth0|1042', 'patient')
    const stchangeser = await user('auth0|1', 'doctor')
    expect((await desk('POST', path, body)).status).toBe(204)
    expect((await doctor('POST', path, body)).status).toBe(204)
    expect(conferences.calls).toStrictEqual(Array(2).fill(`kick ${roomId} 4a1b0c9d`))
    expect(entries().at(-1)).toMatchObject({ action: 'conference.kick', outcome: 'done', consultation: id })
    expect(await patient('POST', path, body)).toMatchObject({ status: 403, body: { code: 'role-not-allowed' } })
    expect(await stchangeser('POST', path, body)).toMatchObject({
      status: 404,
      body: { code: 'consultation-not-found' },
    })
    expect(await reader('POST', path, body)).toMatchObject({ status: 403, body: { code: 'scope-missing' } })
    for (const participantId of ['', '4A1B0C9D', '4a1b0c9', '4a1b0c9d0', '../../..', 1])
      expect((await desk('POST', path, { participantId })).status).toBe(400)
    expect(conferences.calls).toHaveLength(2)
  })

  it('keeps the participant if the kick is refused, with the reason', async () => {
    const without = await opened()
    const body = { participantId: '4a1b0c9d' }
    expect(await without.desk('POST', `/consultations/${without.id}/kick`, body)).toMatchObject({
      status: 409,
      body: { code: 'conference-off' },
    })
    const failing = await opened(() => ({ conferences: createConferenceLog(true) }))
    expect(await failing.desk('POST', `/consultations/${failing.id}/kick`, body)).toMatchObject({
      status: 503,
      body: { code: 'conference-unavailable' },
      headers: { 'retry-after': '5' },
    })
    for (const [{ entries }, code] of [
      [without, 'conference-off'],
      [failing, 'conference-unavailable'],
    ] as const)
      expect(entries().at(-1)).toMatchObject({ action: 'conference.kick', outcome: 'refused', code })
  })
})

describe(`two instances on one PostgreSQL${POSTGRES === undefined ? ' (skipped: no TEST_DATABASE_URL)' : ''}`, () => {
  it.skipIf(POSTGRES === undefined)(
    'apply the revocations of each other once the change bus delivers them',
    async () => {
      const env = { DATABASE_URL: await newPostgres() }
      const one = await opened(undefined, {}, env)
      const other = await startVisits(env)
      other.time.now = START
      const there = asks(other, one.roomId)
      // Both are subscribed to the change bus, so what follows comes from it.
      for (const { app } of [one, other])
        await expect.poll(async () => (await scrape(app)).body, { timeout: 60_000 }).toContain('jts_change_bus_up 1')
      const { token } = await there.enter(PATIENT)
      expect(await there.renew(token)).toBe(200)
      const { id } = await one.revoke({ userId: PATIENT.userId })
      await expect.poll(async () => (await there.enter(PATIENT)).said, { timeout: 60_000 }).toBe('revoked')
      expect(await there.renew(token)).toBe('revoked')
      await one.desk('DELETE', `/revocations/${id}`)
      await expect.poll(async () => (await there.enter(PATIENT)).said, { timeout: 60_000 }).toBe(200)
    },
  )

  it.skipIf(POSTGRES === undefined)('apply them at once while the change bus is down', async () => {
    const env = { DATABASE_URL: await newPostgres() }
    const one = await opened(undefined, {}, env)
    const deaf = await startVisits(env, ({ revocations }) => ({
      revoked: openRevocationCache(revocations, { subscribe: () => () => undefined, up: () => false }),
    }))
    deaf.time.now = START
    const there = asks(deaf, one.roomId)
    expect((await there.enter(PATIENT)).said).toBe(200)
    await one.revoke({ userId: PATIENT.userId })
    expect([(await there.enter(PATIENT)).said, (await there.enter(DOCTOR)).said]).toStrictEqual(['revoked', 200])
  })
})
