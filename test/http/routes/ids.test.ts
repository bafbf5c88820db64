import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { asking, DESK, startVisits, VISIT, type Visits } from '../../support/consultations.ts'
import { CLINIC, PATIENT, startService } from '../../kit.ts'
import { START } from '../../support/invitations.ts'

/** Ids as identity providers and other systems give them out. */
const IDS = [
  'auth0|5f7c8ec7c33c6c004bbafe82',
  'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ=',
  'Practitioner/77',
  'https://fhir.example.org/Patient/1042?version=2#a',
  "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
  '"',
  '=HYPERLINK(1)',
  'x'.repeat(255),
]
const NO_IDS = ['', ' ', 'a b', 'a\tb', 'a\n', 'é', '\u200b', '\u007f', 'x'.repeat(256)]
const RULE = '1 to 255 printable ASCII characters without spaces'

describe('an id', () => {
  it.each(IDS)('%j of a participant gets a token, is found and is revoked', async (userId) => {
    const visits = await startVisits()
    await expectUse(visits, userId)
  })

  it('of any printable ASCII characters is valid everywhere', async () => {
    const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code))
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: printable, minLength: 1, maxLength: 255 }), async (userId) =>
        expectUse(await startVisits(), userId),
      ),
      { numRuns: 15 },
    )
  })

  it.each(NO_IDS)('%j is refused everywhere', async (id) => {
    const { desk, visit, reader } = await startVisits()
    const { id: consultationId, roomId } = await visit()
    const query = encodeURIComponent(id)
    const token = { roomId, userId: id, userName: 'A', userRole: 'doctor' }
    const path = `/consultations/${consultationId}`
    const answers = {
      '/patientId': await desk('POST', '/consultations', { ...VISIT, patientId: id }),
      '/doctorId': await desk('POST', '/consultations', { ...VISIT, doctorId: id }),
      '/externalId': await desk('POST', '/consultations', { ...VISIT, externalId: id }),
      '/userId': await desk('POST', '/token', token),
      '/query/participant': await reader('GET', `/consultations?participant=${query}`),
      '/query/externalId': await reader('GET', `/consultations?externalId=${query}`),
    }
    for (const [pointer, answer] of Object.entries(answers)) {
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
      expect(JSON.stringify(answer.body)).toContain(RULE)
    }
    for (const invalid of [
      await desk('POST', `${path}/invitations`, { role: 'patient', userId: id }),
      await desk('POST', `${path}/admit`, { userId: id }),
      await desk('POST', '/revocations', { userId: id }),
    ])
      expect(invalid).toMatchObject({ status: 400, body: { errors: [{ pointer: '/userId' }] } })
  })
})

/** Creates a consultation with this participant and uses the id wherever the API takes one. */
async function expectUse({ desk, visit, time }: Visits, userId: string) {
  const consultation = await visit({ doctorId: userId, externalId: userId })
  time.now = START
  const query = encodeURIComponent(userId)
  const token = { roomId: consultation.roomId, userId, userName: 'Dr Rao', userRole: 'doctor' }
  const onBehalfOf = { 'x-on-behalf-of': userId }
  const issued = await desk<{ token: string }>('POST', '/token', token, onBehalfOf)
  expect(issued.status).toBe(200)
  expect(decodeJwt(issued.body.token)).toMatchObject({ context: { user: { id: userId } } })
  const path = `/consultations/${consultation.id}`
  const found = [{ id: consultation.id }]
  const body = { consultations: found }
  expect(await desk('GET', `/consultations?externalId=${query}`)).toMatchObject({ status: 200, body })
  expect(await desk('GET', `/consultations?participant=${query}`)).toMatchObject({ status: 200 })
  const entries = [{ userId, onBehalfOf: userId, action: 'token.issue' }]
  expect(await desk('GET', `/audit?userId=${query}&limit=1`)).toMatchObject({ status: 200, body: { entries } })
  expect(await desk('POST', `${path}/invitations`, { role: 'doctor', userId })).toMatchObject({ status: 201 })
  expect(await desk('POST', '/revocations', { userId, consultationId: consultation.id })).toMatchObject({ status: 201 })
}

describe('X-On-Behalf-Of', () => {
  it.each(NO_IDS.filter((id) => id !== 'a\n'))('%j is refused on every route that has a caller', async (person) => {
    const { app, visit } = await startVisits()
    const desk = asking(app, DESK.apiKey)
    const { id, version } = await visit()
    const path = `/consultations/${id}`
    const header = { 'x-on-behalf-of': person }
    const errors = [{ pointer: '/headers/x-on-behalf-of' }]
    for (const answer of [
      await desk('GET', path, undefined, header),
      await desk('GET', '/audit', undefined, header),
      await desk('POST', `${path}/end`, undefined, header),
      await desk('POST', `${path}/invitations`, { role: 'patient' }, header),
      await desk('PATCH', path, { durationMinutes: 20 }, { ...header, 'if-match': `"${version}"` }),
      await desk('POST', '/revocations', { userId: 'p' }, header),
      await desk('POST', `${path}/cancel`, undefined, header),
    ])
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request', errors } })
    expect(await desk('GET', path)).toMatchObject({ status: 200, body: { version, state: 'scheduled' } })
  })
})

describe('the user id of a token', () => {
  it('of a backend that is not bound to consultations follows the same rule', async () => {
    const { app } = await startService()
    const clinic = asking(app, CLINIC.apiKey)
    for (const userId of IDS)
      expect(await clinic('POST', '/token', { ...PATIENT, userId })).toMatchObject({ status: 200 })
    for (const userId of NO_IDS)
      expect(await clinic('POST', '/token', { ...PATIENT, userId })).toMatchObject({ status: 400 })
  })
})
