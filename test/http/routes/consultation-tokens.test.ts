import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { NOW } from '../../kit.ts'
import { MINUTE_MS, startVisits, VISIT } from '../../support/consultations.ts'

const START = Date.parse(VISIT.startsAt)
const END = START + VISIT.durationMinutes * MINUTE_MS

describe('the admission window of a consultation', () => {
  it.each([
    ['patient', 'patient-1042', 15],
    ['doctor', 'doctor-77', 30],
  ] as const)('opens for a %s so many minutes before, and not a millisecond sooner', async (role, userId, minutes) => {
    const { desk, visit, time } = await startVisits()
    const { roomId } = await visit()
    const opensAt = START - minutes * MINUTE_MS
    const request = { roomId, userId, userName: 'A Name', userRole: role }
    time.now = opensAt - 1
    expect(await desk('POST', '/token', request)).toMatchObject({
      status: 403,
      body: { code: 'too-early', opensAt: new Date(opensAt).toISOString() },
      headers: { 'retry-after': '1' },
    })
    time.now = opensAt
    expect(await desk('POST', '/token', request)).toMatchObject({ status: 200, body: { userRole: role, roomId } })
  })

  it('closes half an hour after the end, and no token is valid for longer', async () => {
    const { desk, visit, time } = await startVisits()
    const { roomId, id } = await visit()
    const request = { roomId, userId: 'doctor-77', userName: 'Dr. Meera Iyer' }
    time.now = END + 29 * MINUTE_MS
    const late = await desk<{ token: string; consultationId: string }>('POST', '/token', request)
    expect(late).toMatchObject({ status: 200, body: { consultationId: id } })
    expect(decodeJwt(late.body.token).exp).toBe((END + 30 * MINUTE_MS) / 1000)
    time.now = END + 30 * MINUTE_MS
    expect(await desk('POST', '/token', request)).toMatchObject({ status: 403, body: { code: 'too-late' } })
  })

  it('closes on time even if the store is slow', async () => {
    const visits = await startVisits({}, ({ consultations }) => ({
      consultations: {
        ...consultations,
        enter: (...entry) => {
          visits.time.now += 2500
          return consultations.enter(...entry)
        },
      },
    }))
    const { roomId } = await visits.visit()
    visits.time.now = END + 29 * MINUTE_MS
    const request = { roomId, userId: 'doctor-77', userName: 'Dr. Meera Iyer' }
    const { body } = await visits.desk<{ token: string }>('POST', '/token', request)
    expect(decodeJwt(body.token).exp).toBe((END + 30 * MINUTE_MS) / 1000)
  })

  it('refuses users who do not take part, other roles, and rooms without a consultation', async () => {
    const { desk, visit, time, entries } = await startVisits()
    const { roomId, id } = await visit()
    time.now = START
    const asked = async (request: object) => {
      const { status, body } = await desk('POST', '/token', { roomId, userName: 'A Name', ...request })
      return [status, body['code']]
    }
    expect(await asked({ userId: 'stranger' })).toStrictEqual([403, 'not-a-participant'])
    expect(await asked({ userId: 'patient-1042', userRole: 'doctor' })).toStrictEqual([403, 'role-not-allowed'])
    expect(await asked({ userId: 'doctor-77', roomId: 'bharattelemed-p1-d1-1' })).toStrictEqual([
      403,
      'not-a-participant',
    ])
    expect(await asked({})).toStrictEqual([400, 'invalid-request'])
    expect(entries().slice(-4)).toMatchObject([
      { action: 'token.issue', outcome: 'refused', code: 'not-a-participant', consultation: id, user_id: 'stranger' },
      { code: 'role-not-allowed', consultation: id },
      { code: 'not-a-participant' },
      { code: 'invalid-request' },
    ])
  })

  it('admits signed-in users to their own consultations with their role there', async () => {
    const { user, visit, time } = await startVisits()
    const { roomId } = await visit({ doctorId: 'auth0|77', patientId: 'auth0|1042' })
    time.now = START
    const doctor = await user('auth0|77', 'doctor')
    const patient = await user('auth0|1042', 'patient')
    const stranger = await user('auth0|1', 'doctor')
    expect(await doctor('POST', '/token', { roomId })).toMatchObject({ status: 200, body: { moderator: true } })
    expect(await patient('POST', '/token', { roomId })).toMatchObject({ status: 200, body: { moderator: false } })
    expect(await stranger('POST', '/token', { roomId })).toMatchObject({ body: { code: 'not-a-participant' } })
    const asPatient = await user('auth0|77', 'patient')
    expect(await asPatient('POST', '/token', { roomId })).toMatchObject({ body: { code: 'role-not-allowed' } })
  })

  it('refuses a signed-in user with the id of another user, and ignores the name that the backend set', async () => {
    const { user, visit, time } = await startVisits()
    const participants = [{ userId: 'd', role: 'doctor', name: 'Dr. Meera Iyer' }]
    const { roomId } = await visit({ doctorId: 'd', patientId: 'p', participants })
    time.now = START
    const doctor = await user('d', 'doctor')
    expect(await doctor('POST', '/token', { roomId, userId: 'p' })).toMatchObject({
      status: 403,
      body: { code: 'identity-mismatch' },
    })
    const { body } = await doctor<{ token: string }>('POST', '/token', { roomId })
    expect(decodeJwt(body.token)).toMatchObject({ context: { user: { id: 'd', name: 'Name of d' } } })
  })

  it('closes for good once the consultation is ended or cancelled', async () => {
    const { desk, visit, time } = await startVisits()
    for (const [how, code] of [
      ['end', 'consultation-ended'],
      ['cancel', 'consultation-cancelled'],
    ]) {
      time.now = NOW
      const { roomId, id } = await visit({ externalId: how })
      time.now = START
      const request = { roomId, userId: 'doctor-77', userName: 'Dr. Meera Iyer' }
      expect(await desk('POST', '/token', request)).toMatchObject({ status: 200 })
      expect(await desk('POST', `/consultations/${id}/${how}`)).toMatchObject({ status: 200 })
      expect(await desk('POST', '/token', request)).toMatchObject({ status: 409, body: { code } })
    }
  })

  it('admits as many users as maxParticipants allows, each any number of times', async () => {
    const { desk, visit, time, entries } = await startVisits()
    const { roomId } = await visit({
      maxParticipants: 2,
      participants: [{ userId: 'observer-1', role: 'observer', name: 'A Student' }],
    })
    time.now = START
    const ask = (userId: string) => desk('POST', '/token', { roomId, userId, userName: 'A Name' })
    const inside = ['doctor-77', 'observer-1', 'doctor-77', 'observer-1']
    for (const userId of inside) expect(await ask(userId)).toMatchObject({ status: 200 })
    expect(await ask('patient-1042')).toMatchObject({ status: 409, body: { code: 'consultation-full' } })
    expect(entries().at(-1)).toMatchObject({ outcome: 'refused', code: 'consultation-full', user_id: 'patient-1042' })
  })

  it('is not full for a participant who was removed and added again during the request', async () => {
    const state = { done: false }
    const visits = await startVisits({}, ({ consultations }) => ({
      consultations: {
        ...consultations,
        async enter(...entry) {
          if (!state.done) await visits.desk('PATCH', `/consultations/${id}`, { participants }, { 'if-match': '"1"' })
          visits.time.now += 1000
          if (!state.done)
            await visits.desk('PATCH', `/consultations/${id}`, { participants: both }, { 'if-match': '"2"' })
          state.done = true
          return consultations.enter(...entry)
        },
      },
    }))
    const participants = [{ userId: VISIT.doctorId, role: 'doctor' }]
    const both = [...participants, { userId: VISIT.patientId, role: 'patient' }]
    const { id, roomId } = await visits.visit()
    visits.time.now = START
    const request = { roomId, userId: VISIT.patientId, userName: 'Asha Rao' }
    expect(await visits.desk('POST', '/token', request)).toMatchObject({ status: 200 })
  })

  it('reserves no place and does not open for a request with invalid fields', async () => {
    const { desk, visit, time } = await startVisits()
    const { roomId, id } = await visit({ maxParticipants: 1, waitingRoom: true })
    time.now = START
    const tooLong = { roomId, userName: 'A Name', expirationMinutes: 1000 }
    for (const userId of ['doctor-77', 'patient-1042']) {
      expect(await desk('POST', '/token', { ...tooLong, userId })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/expirationMinutes' }] },
      })
    }
    expect(await desk('GET', `/consultations/${id}`)).toMatchObject({ body: { state: 'scheduled' } })
    expect(await desk('GET', `/consultations/${id}/waiting`)).toMatchObject({ body: { waiting: [] } })
  })

  it('admits no more concurrent users than there are places', async () => {
    const { desk, visit, time } = await startVisits()
    const others = Array.from({ length: 20 }, (_, index) => ({ userId: `o-${index}`, role: 'observer', name: 'O' }))
    const { roomId } = await visit({ maxParticipants: 5, participants: others })
    time.now = START
    const answers = await Promise.all(others.map(({ userId }) => desk('POST', '/token', { roomId, userId })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5)
    expect(answers.filter(({ body }) => body['code'] === 'consultation-full')).toHaveLength(15)
  })

  it('uses the name of the participant if the request has none', async () => {
    const { desk, visit, time } = await startVisits()
    const { roomId } = await visit({ participants: [{ userId: 'patient-1042', role: 'patient', name: ' Asha Rao ' }] })
    time.now = START
    const { body } = await desk<{ token: string }>('POST', '/token', { roomId, userId: 'patient-1042' })
    expect(decodeJwt(body.token)).toMatchObject({ context: { user: { name: 'Asha Rao', moderator: false } } })
    expect(await desk('POST', '/token', { roomId, userId: 'doctor-77' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/userName' }] },
    })
  })

  describe('while a token is being signed', () => {
    /** A service that does something once, between the decision and the signature. */
    async function startInterrupted() {
      let interrupt = async (): Promise<unknown> => undefined
      const service = await startVisits({}, ({ keys }) => ({
        keys: {
          ...keys,
          signer: () => {
            const signer = keys.signer()
            const sign: typeof signer.sign = async (...given) => interrupt().then(() => signer.sign(...given))
            return { ...signer, sign }
          },
        },
      }))
      const once = (work: () => Promise<unknown>) => {
        interrupt = async () => {
          interrupt = async () => undefined
          await work()
        }
      }
      const outcomes = () =>
        service.entries().map(({ action, outcome, code }) => [action, outcome, code ?? ''].join(' ').trim())
      return { ...service, once, outcomes }
    }
    const request = { userId: 'doctor-77', userName: 'Dr. Meera Iyer' }

    it('an unrelated change of the consultation does not matter', async () => {
      const { desk, visit, time, once } = await startInterrupted()
      const { roomId, id } = await visit()
      time.now = START
      once(() => desk('PATCH', `/consultations/${id}`, { waitingRoom: true }, { 'if-match': '"1"' }))
      expect(await desk('POST', '/token', { ...request, roomId })).toMatchObject({ status: 200 })
    })

    it('the end of the consultation drops the token, and the audit record says so', async () => {
      const { desk, visit, time, once, outcomes } = await startInterrupted()
      const { roomId, id } = await visit()
      time.now = START
      once(() => desk('POST', `/consultations/${id}/end`))
      expect(await desk('POST', '/token', { ...request, roomId })).toMatchObject({
        status: 409,
        body: { code: 'consultation-ended' },
      })
      expect(outcomes().slice(-3)).toStrictEqual([
        'consultation.end done',
        'token.issue issued',
        'token.issue refused consultation-ended',
      ])
    })

    it('an earlier end of the consultation drops the token for one that does not outlive it', async () => {
      const { desk, visit, time, once, outcomes, entries } = await startInterrupted()
      const { roomId, id } = await visit()
      time.now = START
      const sooner = { startsAt: VISIT.startsAt, durationMinutes: 10 }
      once(() => desk('PATCH', `/consultations/${id}`, sooner, { 'if-match': '"1"' }))
      const { status, body } = await desk<{ token: string }>('POST', '/token', { ...request, roomId })
      expect([status, decodeJwt(body.token).exp]).toStrictEqual([200, (START + (10 + 30) * MINUTE_MS) / 1000])
      expect(outcomes().slice(-4)).toStrictEqual([
        'consultation.change done',
        'token.issue issued',
        'token.issue refused version-conflict',
        'token.issue issued',
      ])
      const [issued, undone, again] = entries().slice(-3)
      expect(undone?.['undoes']).toBe(`${issued?.['chain']}:${issued?.['sequence']}`)
      expect(again?.['undoes']).toBeUndefined()
    })

    it('a waiting room that opens makes the patient wait', async () => {
      const { desk, visit, time, once, outcomes } = await startInterrupted()
      const { roomId, id } = await visit()
      time.now = START
      once(() => desk('PATCH', `/consultations/${id}`, { waitingRoom: true }, { 'if-match': '"1"' }))
      const patient = { roomId, userId: 'patient-1042', userName: 'Asha Rao' }
      expect(await desk('POST', '/token', patient)).toMatchObject({ status: 202, body: { state: 'waiting' } })
      expect(outcomes().slice(-3)).toStrictEqual([
        'token.issue issued',
        'token.issue refused version-conflict',
        'token.issue waiting',
      ])
    })
  })
})
