import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsultationAnswer, ConsultationPage } from '../../../src/contract/consultations/consultation-answer.ts'
import { ServiceFault } from '../../../src/service/fault.ts'
import { NOW, CLINIC } from '../../kit.ts'
import { asking, MINUTE_MS, openVisits, startVisits, VISIT } from '../../support/consultations.ts'

const DOCTOR_ALONE = [{ userId: 'doctor-77', role: 'doctor' }]
const listOf = (length: number) => Array.from({ length }, () => ({ userId: 'x', role: 'observer' }))
const iso = (ms: number) => new Date(ms).toISOString()

/** One service for the tests whose requests are refused before anything is created. */
let shared: Awaited<ReturnType<typeof openVisits>>
beforeAll(async () => void (shared = await openVisits()))
afterAll(() => shared.close())

describe('POST /api/jitsi/consultations', () => {
  it('creates a room for a doctor and a patient, and returns its admission window', async () => {
    const { desk, entries } = await startVisits()
    const { status, body, headers } = await desk<ConsultationAnswer>('POST', '/consultations', VISIT)
    const start = Date.parse(VISIT.startsAt)
    const self = `/api/jitsi/consultations/${body.id}`
    expect([status, headers['etag'], headers['location']]).toStrictEqual([201, '"1"', self])
    expect(body).toStrictEqual({
      id: body.id,
      roomId: `bharattelemed-patientz2d1042-doctorz2d77-${NOW / 1000}`,
      version: 1,
      state: 'scheduled',
      startsAt: VISIT.startsAt,
      endsAt: iso(start + 30 * MINUTE_MS),
      closesAt: iso(start + 60 * MINUTE_MS),
      waitingRoom: false,
      participants: [
        { userId: 'doctor-77', role: 'doctor', opensAt: iso(start - 30 * MINUTE_MS) },
        { userId: 'patient-1042', role: 'patient', opensAt: iso(start - 15 * MINUTE_MS) },
      ],
      moderators: [{ role: 'doctor' }],
      links: {
        self,
        events: `${self}/events`,
        waiting: `${self}/waiting`,
        invitations: `${self}/invitations`,
        calendar: `${self}/calendar.ics`,
      },
    })
    expect(entries()).toMatchObject([
      {
        action: 'consultation.create',
        outcome: 'done',
        caller: 'desk-backend',
        consultation: body.id,
        room: body.roomId,
      },
    ])
    expect((await desk('GET', `/consultations/${body.id}`)).body).toStrictEqual(body)
  })

  it('starts now and lasts half an hour by default', async () => {
    const { desk } = await startVisits()
    const { body } = await desk('POST', '/consultations', { patientId: 'p', doctorId: 'd' })
    expect(body).toMatchObject({ startsAt: iso(NOW), endsAt: iso(NOW + 30 * MINUTE_MS) })
  })

  it('creates separate rooms for the same two participants, even in the same second', async () => {
    const { visit } = await startVisits()
    const made = await Promise.all(Array.from({ length: 20 }, () => visit()))
    expect(new Set(made.map(({ roomId }) => roomId)).size).toBe(20)
  })

  it('answers a repeated request with the same consultation, and creates none', async () => {
    const { desk, time } = await startVisits()
    const key = { 'idempotency-key': 'b7-1' }
    const first = await desk('POST', '/consultations', VISIT, key)
    time.now += MINUTE_MS
    const { doctorId, ...rest } = VISIT
    const again = await desk('POST', '/consultations', { ...rest, doctorId }, key)
    expect([again.status, again.body, again.headers['etag']]).toStrictEqual([201, first.body, '"1"'])
    expect((await desk<ConsultationPage>('GET', '/consultations')).body.consultations).toHaveLength(1)
    const other = await desk('POST', '/consultations', { ...VISIT, doctorId: 'd' }, key)
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
  })

  it('creates one consultation from many concurrent repetitions of a request', async () => {
    const { desk } = await startVisits()
    const key = { 'idempotency-key': 'at-once' }
    const all = await Promise.all(Array.from({ length: 10 }, () => desk('POST', '/consultations', VISIT, key)))
    expect(new Set(all.map(({ status, body }) => `${status} ${String(body['id'])}`)).size).toBe(1)
    expect((await desk<ConsultationPage>('GET', '/consultations')).body.consultations).toHaveLength(1)
  })

  const participant = (change: object) => ({ ...VISIT, participants: [{ userId: 'x', role: 'observer', ...change }] })
  it.each([
    ['no doctor', { patientId: 'p' }, '/doctorId', 'is missing'],
    [
      'one user as patient and doctor',
      { ...VISIT, doctorId: VISIT.patientId },
      '/patientId',
      'must differ from doctorId',
    ],
    ['an unknown field', { ...VISIT, room: 'x' }, '/room', 'is not a field of this request; remove it'],
    ['a blank in an id', { ...VISIT, patientId: 'a b' }, '/patientId', 'must be 1 to 255 printable ASCII'],
    ['an id of 256 characters', { ...VISIT, patientId: 'a'.repeat(256) }, '/patientId', 'must be 1 to 255'],
    [
      'a day that does not exist',
      { ...VISIT, startsAt: '2026-02-30T10:00:00Z' },
      '/startsAt',
      'must be a date and time that exists',
    ],
    [
      'a time without a time zone',
      { ...VISIT, startsAt: '2026-11-24T10:00:00' },
      '/startsAt',
      'must be the start of the consultation: an RFC 3339 time',
    ],
    [
      'an end and a duration',
      { ...VISIT, endsAt: '2026-11-23T11:00:00Z' },
      '/durationMinutes',
      'must not be combined with',
    ],
    [
      'an end before the start',
      { ...VISIT, durationMinutes: undefined, endsAt: iso(NOW) },
      '/endsAt',
      'from 5 to 1440',
    ],
    ['an end in the past', { ...VISIT, startsAt: iso(NOW - 60 * MINUTE_MS) }, '/startsAt', 'an end in the future'],
    ['a day and a minute', { ...VISIT, durationMinutes: 1441 }, '/durationMinutes', 'must be a whole number'],
    ['four minutes', { ...VISIT, durationMinutes: 4 }, '/durationMinutes', 'must be a whole number'],
    ['three years ahead', { ...VISIT, startsAt: '2029-11-24T10:00:00Z' }, '/startsAt', 'must be at most 732 days'],
    ['an unknown role', participant({ role: 'nurse' }), '/participants/0/role', 'must be one of the roles'],
    ['the doctor as an observer', participant({ userId: 'doctor-77' }), '/participants/0/role', 'already has'],
    ['a name of blanks', participant({ name: '  ' }), '/participants/0/name', 'must be 1 to 128 characters'],
    ['a name that turns around', participant({ name: 'a\u202eb' }), '/participants/0/name', 'must be 1 to 128'],
    ['somebody twice', { ...VISIT, participants: listOf(2) }, '/participants/1/userId', 'twice'],
    ['51 people', { ...VISIT, participants: listOf(51) }, '/participants', 'must be'],
    ['places for nobody', { ...VISIT, maxParticipants: 0 }, '/maxParticipants', 'must be a whole number from 1'],
    ['a waiting room of words', { ...VISIT, waitingRoom: 'yes' }, '/waitingRoom', 'must be true or false'],
  ])('refuses %s with its field, and makes nothing', async (_what, request, pointer, message) => {
    const { desk, entries } = shared
    const before = entries().length
    const { status, body } = await desk<{ code: string; errors: { pointer: string; message: string }[] }>(
      'POST',
      '/consultations',
      request,
    )
    expect([status, body.code]).toStrictEqual([400, 'invalid-request'])
    expect(body.errors.find((each) => each.pointer === pointer)?.message).toContain(message)
    const recorded = entries().slice(before)
    expect(recorded).toMatchObject([{ action: 'consultation.create', outcome: 'refused', code: 'invalid-request' }])
    expect((await desk('GET', '/consultations')).body).toStrictEqual({ consultations: [] })
  })

  it('requires the scope consultations:write and a valid idempotency key', async () => {
    const { reader, desk, app, user } = await startVisits()
    for (const ask of [reader, asking(app, CLINIC.apiKey), await user('d', 'doctor')]) {
      expect(await ask('POST', '/consultations', VISIT)).toMatchObject({ status: 403, body: { code: 'scope-missing' } })
    }
    expect(await desk('POST', '/consultations', VISIT, { 'idempotency-key': 'a b' })).toMatchObject({ status: 400 })
  })

  it('creates nothing that cannot be recorded', async () => {
    const append = () => Promise.reject(new ServiceFault('record-unavailable'))
    const broken = { isBroken: true }
    const { desk } = await startVisits({}, ({ ledger }) => ({
      ledger: { ...ledger, append: (entry) => (broken.isBroken ? append() : ledger.append(entry)) },
    }))
    expect(await desk('POST', '/consultations', VISIT)).toMatchObject({
      status: 503,
      body: { code: 'record-unavailable' },
    })
    broken.isBroken = false
    expect((await desk('GET', '/consultations')).body).toStrictEqual({ consultations: [] })
  })
})

describe('PATCH /api/jitsi/consultations/{id}', () => {
  it('reschedules with the current version, and keeps the duration', async () => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const startsAt = iso(NOW + 3 * 60 * MINUTE_MS)
    const changed = await desk('PATCH', `/consultations/${id}`, { startsAt }, { 'if-match': '"1"' })
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' } })
    expect(changed.body).toMatchObject({ version: 2, startsAt, endsAt: iso(NOW + (180 + 30) * MINUTE_MS) })
  })

  it('refuses a change with an outdated version or without one', async () => {
    const { desk, visit, entries } = await startVisits()
    const { id } = await visit()
    const change = (version?: string) =>
      desk('PATCH', `/consultations/${id}`, { waitingRoom: true }, version === undefined ? {} : { 'if-match': version })
    expect(await change()).toMatchObject({ status: 428, body: { code: 'version-required' } })
    expect(await change('"2"')).toMatchObject({ status: 412, body: { code: 'version-conflict' } })
    for (const bad of ['1', 'w/"1"', '"1" "2"']) expect(await change(bad)).toMatchObject({ status: 400 })
    expect(await change('"1"')).toMatchObject({ status: 200 })
    expect(await change('"1"')).toMatchObject({ status: 412 })
    const codes = entries().map(({ action, code }) => `${action} ${code ?? ''}`.trim())
    expect(codes.slice(1, 3)).toStrictEqual([
      'consultation.change version-required',
      'consultation.change version-conflict',
    ])
  })

  it('applies only one of several concurrent changes', async () => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        desk('PATCH', `/consultations/${id}`, { durationMinutes: 30 + n }, { 'if-match': '"1"' }),
      ),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toStrictEqual([
      200,
      ...Array<number>(9).fill(412),
    ])
  })

  it('refuses tokens to a removed participant, and issues them to a new one', async () => {
    const { desk, visit, time } = await startVisits()
    const { id, roomId } = await visit()
    const participants = [
      { userId: 'doctor-78', role: 'doctor', name: 'Dr. A. Bose' },
      { userId: 'patient-1042', role: 'patient' },
    ]
    await desk('PATCH', `/consultations/${id}`, { participants }, { 'if-match': '"1"' })
    time.now = Date.parse(VISIT.startsAt)
    expect(await desk('POST', '/token', { roomId, userId: 'doctor-77', userName: 'A' })).toMatchObject({ status: 403 })
    expect(await desk('POST', '/token', { roomId, userId: 'doctor-78' })).toMatchObject({ status: 200 })
  })

  it.each([
    ['nothing', {}, ''],
    ['nobody', { participants: [] }, '/participants'],
    ['nobody who moderates', { participants: [{ userId: 'x', role: 'patient' }] }, '/participants'],
    ['another room', { roomId: 'x' }, '/roomId'],
    ['an end that was', { endsAt: iso(NOW - MINUTE_MS) }, '/endsAt'],
    ['an unknown role', { participants: [{ userId: 'x', role: 'nurse' }, ...DOCTOR_ALONE] }, '/participants/0/role'],
  ])('refuses %s', async (_what, change, pointer) => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const answer = await desk('PATCH', `/consultations/${id}`, change, { 'if-match': '"1"' })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  })
})

describe('the end of a consultation', () => {
  it('is final', async () => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const first = await desk('POST', `/consultations/${id}/end`)
    expect(first).toMatchObject({ status: 200, body: { state: 'ended', version: 2 } })
    expect(await desk('POST', `/consultations/${id}/end`)).toMatchObject({ status: 200, body: first.body })
    expect(await desk('POST', `/consultations/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    expect(await desk('PATCH', `/consultations/${id}`, { waitingRoom: true }, { 'if-match': '"2"' })).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    const other = await visit()
    await desk('POST', `/consultations/${other.id}/cancel`)
    expect(await desk('POST', `/consultations/${other.id}/end`)).toMatchObject({
      body: { code: 'consultation-cancelled' },
    })
  })

  it('comes by time alone, too, and is then not a cancellation', async () => {
    const { desk, visit, time } = await startVisits()
    const { id } = await visit()
    time.now = Date.parse(VISIT.startsAt) + 60 * MINUTE_MS
    expect(await desk('POST', `/consultations/${id}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    expect(await desk('GET', `/consultations/${id}`)).toMatchObject({ body: { state: 'ended', version: 1 } })
  })

  it('can be set by the doctor, not by the patient or anyone else', async () => {
    const { user, visit } = await startVisits()
    const { id } = await visit({ doctorId: 'd', patientId: 'p' })
    const [doctor, patient, other] = [await user('d', 'doctor'), await user('p', 'patient'), await user('x', 'doctor')]
    expect(await patient('POST', `/consultations/${id}/end`)).toMatchObject({ status: 403 })
    expect(await other('POST', `/consultations/${id}/end`)).toMatchObject({ status: 404 })
    expect(await doctor('POST', `/consultations/${id}/end`)).toMatchObject({ status: 200, body: { state: 'ended' } })
  })
})

describe('reading consultations', () => {
  it('shows a patient no other participant', async () => {
    const { user, visit } = await startVisits()
    const { id } = await visit({ doctorId: 'd', patientId: 'p' })
    const patient = await user('p', 'patient')
    const { body } = await patient<ConsultationAnswer>('GET', `/consultations/${id}`)
    expect(body.participants.map(({ userId }) => userId)).toStrictEqual(['p'])
    const doctor = await user('d', 'doctor')
    expect((await doctor<ConsultationAnswer>('GET', `/consultations/${id}`)).body.participants).toHaveLength(2)
    const stranger = await user('x', 'doctor')
    expect(await stranger('GET', `/consultations/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'consultation-not-found' },
    })
  })

  it('lists them in order, page by page, and only their own for users', async () => {
    const { desk, visit, user } = await startVisits()
    for (const hour of [3, 1, 2]) await visit({ startsAt: iso(NOW + hour * 60 * MINUTE_MS), externalId: `h${hour}` })
    await visit({ doctorId: 'd', patientId: 'p' })
    const first = await desk<ConsultationPage>('GET', '/consultations?limit=2')
    const rest = await desk<ConsultationPage>('GET', `/consultations?limit=9&cursor=${first.body.nextCursor ?? ''}`)
    const all = [...first.body.consultations, ...rest.body.consultations]
    expect(all.map(({ externalId }) => externalId)).toStrictEqual(['h1', undefined, 'h2', 'h3'])
    expect(rest.body.nextCursor).toBeUndefined()
    const found = await desk<ConsultationPage>(
      'GET',
      '/consultations?participant=doctor-77&state=scheduled&externalId=h2',
    )
    expect(found.body.consultations).toHaveLength(1)
    const patient = await user('p', 'patient')
    for (const query of ['', '?participant=doctor-77']) {
      const { body } = await patient<ConsultationPage>('GET', `/consultations${query}`)
      expect(body.consultations.map(({ participants }) => participants[0]?.userId)).toStrictEqual(['p'])
    }
  })

  it.each([
    '?limit=0',
    '?limit=501',
    '?state=gone',
    '?from=today',
    '?from=2026-02-30T00:00:00Z',
    '?cursor=eyJ9',
    `?cursor=${Buffer.from('[1,"a\\u0000b"]').toString('base64url')}`,
    '?x=1',
  ])('refuses %s', async (query) => {
    const { desk } = await startVisits()
    expect(await desk('GET', `/consultations${query}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    })
  })

  it('answers an invalid id and an unknown id alike', async () => {
    const { desk } = shared
    expect(await desk('GET', '/consultations/x')).toMatchObject({ status: 400 })
    expect(await desk('GET', '/consultations/01980000-0000-7000-8000-000000000001')).toMatchObject({ status: 404 })
  })
})
