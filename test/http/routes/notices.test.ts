import { describe, expect, it } from 'vitest'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { NOW } from '../../kit.ts'
import { MINUTE_MS, eventsOf, startVisits, VISIT } from '../../support/consultations.ts'

const CARD = { doctorName: 'Dr. Meera Iyer', supportPhone: '+91 22-1234 5678' }

describe('POST /api/jitsi/consultations/{id}/notice', () => {
  it('reaches everybody who listens, and is in the record', async () => {
    const { app, visit, user, desk, entries } = await startVisits()
    const { id } = await visit()
    const patient = await user(VISIT.patientId, 'patient')
    const events = await eventsOf(app, id, patient.credential)
    expect((await events.next())?.event).toBe('state')
    const doctor = await user(VISIT.doctorId, 'doctor')
    expect(await doctor('POST', `/consultations/${id}/notice`, { code: 'late-10' })).toMatchObject({ status: 204 })
    const notice = { code: 'late-10', at: new Date(NOW).toISOString() }
    expect(await events.next()).toMatchObject({ event: 'notice', data: { notice, version: 1 } })
    expect(entries()).toContainEqual(
      expect.objectContaining({ action: 'consultation.notify', document: 'late-10', user_id: VISIT.doctorId }),
    )
    expect(await desk('GET', `/consultations/${id}`)).toMatchObject({ body: { notice, version: 1 } })
    expect(await desk('POST', `/consultations/${id}/notice`, { code: 'call-clinic' })).toMatchObject({ status: 204 })
    expect(await events.next()).toMatchObject({ event: 'notice', data: { notice: { code: 'call-clinic' } } })
  })

  it('survives a change, and is removed by a new start', async () => {
    const { visit, desk } = await startVisits()
    const { id } = await visit()
    await desk('POST', `/consultations/${id}/notice`, { code: 'late-5' })
    const change = (body: object, version: number) =>
      desk<ConsultationAnswer>('PATCH', `/consultations/${id}`, body, { 'if-match': `"${version}"` })
    expect((await change({ waitingRoom: true }, 1)).body.notice?.code).toBe('late-5')
    expect((await desk<ConsultationAnswer>('GET', `/consultations/${id}`)).body.notice?.code).toBe('late-5')
    const moved = await change({ startsAt: new Date(NOW + 90 * MINUTE_MS).toISOString() }, 2)
    expect(moved.body).not.toHaveProperty('notice')
    expect((await desk('GET', `/consultations/${id}`)).body).not.toHaveProperty('notice')
  })

  it('is for moderators, while the consultation is not over', async () => {
    const { visit, desk, reader, user, entries } = await startVisits()
    const { id } = await visit()
    const give = { code: 'late-20' }
    const patient = await user(VISIT.patientId, 'patient')
    expect(await patient('POST', `/consultations/${id}/notice`, give)).toMatchObject({
      status: 403,
      body: { code: 'role-not-allowed' },
    })
    expect(await reader('POST', `/consultations/${id}/notice`, give)).toMatchObject({ body: { code: 'scope-missing' } })
    expect(await desk('POST', `/consultations/${id}/notice`, { code: 'late-30' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/code', message: 'must be one of late-5, late-10, late-20, call-clinic' }] },
    })
    await desk('POST', `/consultations/${id}/end`)
    expect(await desk('POST', `/consultations/${id}/notice`, give)).toMatchObject({
      status: 409,
      body: { code: 'consultation-ended' },
    })
    expect(entries().at(-1)).toMatchObject({ action: 'consultation.notify', outcome: 'refused' })
  })
})

describe('the card of a consultation', () => {
  it('is shown to everybody who takes part, changed as a whole and removed by an empty one', async () => {
    const { visit, desk, user } = await startVisits()
    const { id, card } = await visit({ card: { ...CARD, doctorName: '  Rene\u0301e ' } })
    expect(card).toStrictEqual({ ...CARD, doctorName: 'Ren\u00e9e' })
    const patient = await user(VISIT.patientId, 'patient')
    expect((await patient('GET', `/consultations/${id}`)).body['card']).toStrictEqual(card)
    const change = (body: object, version: number) =>
      desk<ConsultationAnswer>('PATCH', `/consultations/${id}`, body, { 'if-match': `"${version}"` })
    expect((await change({ waitingRoom: true }, 1)).body.card).toStrictEqual(card)
    expect((await change({ card: { qualification: 'MD' } }, 2)).body.card).toStrictEqual({ qualification: 'MD' })
    expect((await change({ card: {} }, 3)).body).not.toHaveProperty('card')
    expect((await patient('GET', `/consultations/${id}`)).body).not.toHaveProperty('card')
  })

  it.each([
    [{ doctorName: 'x'.repeat(129) }, '/card/doctorName'],
    [{ doctorName: 'Dr\u202eX' }, '/card/doctorName'],
    [{ qualification: '' }, '/card/qualification'],
    [{ supportPhone: 'call us' }, '/card/supportPhone'],
    [{ supportPhone: '+91 22\u00a01234' }, '/card/supportPhone'],
    [{ website: 'https://example.org' }, '/card/website'],
  ])('refuses %j', async (card, pointer) => {
    const { desk } = await startVisits()
    const answer = await desk('POST', '/consultations', { ...VISIT, card })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  })

  it('is in no entry of the record', async () => {
    const { visit, allEntries } = await startVisits()
    await visit({ card: CARD })
    expect(JSON.stringify(allEntries())).not.toContain('Meera')
  })
})
