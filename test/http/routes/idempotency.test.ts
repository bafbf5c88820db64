import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../../kit.ts'
import { startVisits, VISIT } from '../../support/consultations.ts'
import { browserOf, INVALID, type Made, PUBLIC, START } from '../../support/invitations.ts'

const KEY = { 'idempotency-key': 'a7c1f7c2-3c1d-4f0e-9f5b-2a3f6f1f3a11' }
const PATIENT = { role: 'patient', userId: VISIT.patientId, name: 'Asha Rao' }
const REPLAYED = { 'idempotency-replayed': 'true' }
const REUSED = { status: 422, body: { code: 'idempotency-key-reused' } }

async function start(env: Record<string, string> = PUBLIC) {
  const visits = await startVisits(env)
  const { id } = await visits.visit()
  const path = `/consultations/${id}/invitations`
  const invite = (body: object = PATIENT, headers: Record<string, string> = KEY, at = path) =>
    visits.desk<Made & { link: string }>('POST', at, body, headers)
  const count = async () => (await visits.desk<{ invitations: [] }>('GET', path)).body.invitations.length
  return { ...visits, id, path, invite, count }
}

describe('a repeated request for a consultation', () => {
  it('gets the first answer, marked as a replay, and creates nothing', async () => {
    const { desk, entries } = await startVisits()
    const create = (body: object = VISIT) => desk('POST', '/consultations', body, KEY)
    const first = await create()
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    const second = await create()
    expect(second).toMatchObject({ status: 201, headers: REPLAYED })
    expect(second.body).toStrictEqual(first.body)
    expect(second.headers['etag']).toBe(first.headers['etag'])
    expect(await create({ ...VISIT, durationMinutes: 20 })).toMatchObject(REUSED)
    expect(entries().map(({ action, outcome }) => [action, outcome])).toStrictEqual([
      ['consultation.create', 'done'],
      ['consultation.read', 'done'],
      ['consultation.create', 'refused'],
    ])
  })
})

describe('a repeated request for an invitation', () => {
  it('gets the same invitation with the same code and link, and creates nothing', async () => {
    const { invite, count, entries } = await start()
    const first = await invite()
    expect(first.status).toBe(201)
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    const second = await invite()
    expect(second).toMatchObject({ status: 201, headers: REPLAYED })
    expect(second.body).toStrictEqual(first.body)
    expect(second.body.link).toBe(`https://visits.example.org/join#${first.body.code}`)
    expect(await count()).toBe(1)
    expect(entries().filter(({ action }) => action === 'invitation.create')).toHaveLength(1)
    expect(entries()).toContainEqual(
      expect.objectContaining({ action: 'consultation.read', invitation: first.body.id, outcome: 'done' }),
    )
  })

  it('gets a code that opens the consultation', async () => {
    const { invite, nobody, time } = await start()
    await invite()
    const { code } = (await invite()).body
    time.now = START
    expect(await browserOf(nobody).redeem(code, {})).toMatchObject({ status: 200 })
  })

  it('with another body is refused', async () => {
    const { invite, count } = await start()
    await invite()
    expect(await invite({ role: 'patient' })).toMatchObject(REUSED)
    expect(await count()).toBe(1)
  })

  it('for another consultation, by another caller or with another key is another request', async () => {
    const { invite, visit, user, id, path } = await start()
    const { code } = (await invite()).body
    const other = await visit({ patientId: 'p-2', doctorId: 'd-2', participants: undefined })
    const answers = [
      await invite({ ...PATIENT, userId: 'p-2' }, KEY, `/consultations/${other.id}/invitations`),
      await invite(PATIENT, { 'idempotency-key': 'another' }),
      await (await user(VISIT.doctorId, 'doctor'))<Made>('POST', path, { role: 'patient' }, KEY),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(201)
      expect(answer.headers).not.toHaveProperty('idempotency-replayed')
      expect(answer.body.code).not.toBe(code)
    }
    expect(id).not.toBe(other.id)
  })

  it('gets one invitation if it is sent several times at once', async () => {
    const { invite, count } = await start()
    const answers = await Promise.all(Array.from({ length: 8 }, () => invite()))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id} ${body.code}`)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1)
    expect(await count()).toBe(1)
  })

  it('gets no code once a newer one has replaced it', async () => {
    const { invite, path, desk } = await start()
    const { id } = (await invite()).body
    await desk('POST', `${path}/${id}/resend`)
    const replayed = await invite()
    expect(replayed).toMatchObject({ status: 201, headers: REPLAYED, body: { id } })
    expect(replayed.body).not.toHaveProperty('code')
    expect(replayed.body).not.toHaveProperty('link')
  })

  it('gets the invitation as it is: used or revoked', async () => {
    const { invite, path, desk, nobody, time } = await start()
    const { id, code } = (await invite()).body
    time.now = START
    await browserOf(nobody).redeem(code, {})
    expect(await invite()).toMatchObject({ status: 201, body: { used: 1 } })
    await desk('DELETE', `${path}/${id}`)
    const revoked = await invite()
    expect(revoked).toMatchObject({ status: 201, body: { revokedAt: expect.any(String) as string } })
    expect(await browserOf(nobody).redeem(revoked.body.code, {})).toMatchObject(INVALID)
  })

  it('leaves neither the code nor the key in the database', async () => {
    const dir = tempDir()
    const { invite } = await start({ ...PUBLIC, DATABASE_URL: `sqlite:${join(dir, 'service.db')}` })
    const { code, id } = (await invite()).body
    const stored = readdirSync(dir).map((file) => readFileSync(join(dir, file), 'latin1'))
    expect(stored.join('')).toContain(id)
    expect(stored.join('')).not.toContain(code)
    expect(stored.join('')).not.toContain(KEY['idempotency-key'])
  })

  it.each(['', 'a b', 'é', 'x'.repeat(256)])('with the key %j is refused', async (key) => {
    const { invite } = await start()
    expect(await invite(PATIENT, { 'idempotency-key': key })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/headers/idempotency-key' }] },
    })
  })
})
