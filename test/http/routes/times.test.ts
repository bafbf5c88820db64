import { describe, expect, it } from 'vitest'
import { startVisits, VISIT } from '../../support/consultations.ts'
import { CLOSES_AT, START } from '../../support/invitations.ts'

const HOUR_24 = 'must not have hour 24; use hour 00 of the next day'

describe('a time in a request', () => {
  it.each([
    ['Python', '2027-01-05T10:00:00.123456+05:30', '2027-01-05T04:30:00.123Z'],
    ['.NET', '2027-01-05T10:00:00.1234567Z', '2027-01-05T10:00:00.123Z'],
    ['Java', '2027-01-05T10:00:00.123456789Z', '2027-01-05T10:00:00.123Z'],
    ['a lower-case writer', '2027-01-05t10:00:00.9z', '2027-01-05T10:00:00.900Z'],
  ])('is taken as %s writes it, and cut to milliseconds', async (_writer, startsAt, expected) => {
    const { desk } = await startVisits()
    const created = await desk('POST', '/consultations', { patientId: 'p1', doctorId: 'd1', startsAt })
    expect(created).toMatchObject({ status: 201, body: { startsAt: expected } })
  })

  it('may have an unencoded + in a query', async () => {
    const { desk, visit } = await startVisits()
    const { id } = await visit()
    const local = (ms: number) => `${new Date(ms + 330 * 60_000).toISOString().slice(0, -1)}456+05:30`
    const found = { status: 200, body: { consultations: [{ id }] } }
    const none = { status: 200, body: { consultations: [] } }
    expect(await desk('GET', `/consultations?from=${local(START)}`)).toMatchObject(found)
    expect(await desk('GET', `/consultations?from=${local(START)}&to=${local(CLOSES_AT)}`)).toMatchObject(found)
    expect(await desk('GET', `/consultations?to=${local(START - 1)}`)).toMatchObject(none)
    expect(await desk('GET', `/audit?from=${local(0)}&limit=1`)).toMatchObject({ status: 200 })
    expect(await desk('GET', `/audit/export?format=csv&from=${local(0)}`)).toMatchObject({ status: 200 })
  })

  it('with hour 24 or a leap second is refused with the reason, in every field', async () => {
    const { desk, visit } = await startVisits()
    const { id, version } = await visit()
    const startsAt = '2026-11-23T24:00:00Z'
    const path = `/consultations/${id}`
    const answers = {
      '/startsAt': await desk('POST', '/consultations', { ...VISIT, startsAt }),
      '/endsAt': await desk('PATCH', path, { endsAt: startsAt }, { 'if-match': `"${version}"` }),
      '/expiresAt': await desk('POST', `${path}/invitations`, { role: 'patient', expiresAt: startsAt }),
      '/issuedBefore': await desk('POST', '/revocations', { userId: 'p', issuedBefore: startsAt }),
      '/query/from': await desk('GET', `/consultations?from=${startsAt}`),
      '/query/to': await desk('GET', `/audit?to=${startsAt}`),
    }
    for (const [pointer, answer] of Object.entries(answers))
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer, message: HOUR_24 }] } })
    expect(await desk('POST', '/consultations', { ...VISIT, startsAt: '2026-12-31T23:59:60Z' })).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.stringContaining('leap seconds') as string }] },
    })
  })

  it('with more than nine fraction digits is refused with the limit', async () => {
    const { desk } = await startVisits()
    const startsAt = '2027-01-05T10:00:00.1234567890Z'
    expect(await desk('POST', '/consultations', { ...VISIT, startsAt })).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.stringContaining('at most nine fraction digits') as string }] },
    })
  })
})
