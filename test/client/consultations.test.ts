import { describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../../src/client/client.ts'
import { DESK, MINUTE_MS, startVisits, VISIT } from '../support/consultations.ts'

const START = Date.parse(VISIT.startsAt)
const PATIENT = { userId: 'patient-1042', userName: 'Asha Rao' }

async function start(change: object = {}) {
  const visits = await startVisits()
  const baseUrl = await visits.app.listen({ host: '127.0.0.1', port: 0 })
  const clientWith = (options: Partial<ClientOptions> = {}): Client =>
    createClient({ baseUrl, credential: DESK.apiKey, ...options })
  const client = clientWith()
  const visit = await client.createConsultation({ ...VISIT, waitingRoom: true, ...change })
  visits.time.now = START
  return { ...visits, client, clientWith, ...visit }
}

const fetchWithoutEvents: NonNullable<ClientOptions['fetch']> = (url, init) =>
  url.endsWith('/events') ? Promise.reject(new TypeError('events cannot pass')) : fetch(url, init)

describe('a client', () => {
  it('creates, changes, cancels and ends consultations', async () => {
    const { client, id, time } = await start()
    const moved = await client.changeConsultation(id, 1, { durationMinutes: 45 })
    expect(moved).toMatchObject({ version: 2, endsAt: new Date(START + 45 * MINUTE_MS).toISOString() })
    await expect(client.changeConsultation(id, 1, { durationMinutes: 60 })).rejects.toMatchObject({
      code: 'version-conflict',
      status: 412,
    })
    const again = { ...VISIT, startsAt: new Date(time.now + MINUTE_MS).toISOString() }
    const one = await client.createConsultation(again, { idempotencyKey: 'k' })
    expect(await client.createConsultation(again, { idempotencyKey: 'k' })).toStrictEqual(one)
    expect((await client.listConsultations({ state: 'scheduled', limit: '1' })).consultations).toHaveLength(1)
    expect(await client.readConsultation(id)).toStrictEqual({ ...moved })
    expect(await client.calendar(id)).toContain(`UID:${id}`)
    expect(await client.cancelConsultation(one.id)).toMatchObject({ state: 'cancelled' })
    expect(await client.endConsultation(id)).toMatchObject({ state: 'ended' })
  })

  it('receives the time at which the admission window opens', async () => {
    const { client, roomId, time } = await start()
    time.now = START - 60 * MINUTE_MS
    await expect(client.issueToken({ roomId, ...PATIENT })).rejects.toMatchObject({
      code: 'too-early',
      opensAt: new Date(START - 15 * MINUTE_MS).toISOString(),
      retryAfterSeconds: 45 * 60,
    })
  })

  it('waits for the admission and then receives the token', async () => {
    const { client, id, roomId } = await start()
    const waiting = new Promise((resolve) => {
      void client.enterWhenAdmitted({ roomId, ...PATIENT }, { onWaiting: resolve }).then(resolve)
    })
    expect(await waiting).toMatchObject({ state: 'waiting', consultationId: id })
    await expect(client.issueToken({ roomId, ...PATIENT })).rejects.toMatchObject({ code: 'waiting', status: 202 })
    expect(await client.listWaiting(id)).toMatchObject({ waiting: [{ userId: 'patient-1042' }] })
    const entering = client.enterWhenAdmitted({ roomId, ...PATIENT })
    await client.admit(id, 'patient-1042')
    expect(await entering).toMatchObject({ userRole: 'patient', consultationId: id })
  })

  it('receives the token by polling where events cannot pass', async () => {
    const { client, clientWith, id, roomId } = await start()
    const polling = clientWith({ fetch: fetchWithoutEvents, pollMs: 20 })
    const waiting = Promise.withResolvers<unknown>()
    const entering = polling.enterWhenAdmitted({ roomId, ...PATIENT }, { onWaiting: waiting.resolve })
    await waiting.promise
    await client.admit(id, 'patient-1042')
    expect(await entering).toMatchObject({ userRole: 'patient' })
  })

  it('stops waiting when the consultation is cancelled', async () => {
    const { client, id, roomId } = await start()
    const waiting = Promise.withResolvers<unknown>()
    const entering = client.enterWhenAdmitted({ roomId, ...PATIENT }, { onWaiting: waiting.resolve })
    await waiting.promise
    await client.cancelConsultation(id)
    await expect(entering).rejects.toMatchObject({ code: 'consultation-cancelled' })
  })

  it('stops waiting when the signal aborts', async () => {
    const { client, roomId } = await start()
    const abort = new AbortController()
    const onWaiting = () => abort.abort()
    const entering = client.enterWhenAdmitted({ roomId, ...PATIENT }, { onWaiting, signal: abort.signal })
    await expect(entering).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('receives events until the consultation is over', async () => {
    const { client, id, roomId } = await start()
    const received: string[] = []
    for await (const { event, view } of client.events(id)) {
      received.push(`${event} ${view.state} ${view.waiting?.length ?? ''}`)
      if (received.length === 1) await client.enter({ roomId, ...PATIENT })
      if (received.length === 2) await client.admit(id, 'patient-1042')
      if (received.length === 3) await client.endConsultation(id)
    }
    expect(received).toStrictEqual(['state scheduled 0', 'waiting scheduled 1', 'waiting scheduled 0', 'ended ended 0'])
    const unreachable = createClient({ baseUrl: 'http://127.0.0.1:9', credential: 'k' })
    await expect(unreachable.events(id).next()).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('invites a person without an account, renews the token, and revokes access', async () => {
    const { client, clientWith, id, roomId } = await start({ waitingRoom: false })
    const browser = clientWith({ credential: undefined })
    const invitation = await client.invite(id, { role: 'patient', userId: 'patient-1042', name: 'Asha Rao' })
    const { code = '' } = await client.resendInvitation(id, invitation.id)
    await expect(browser.redeemInvitation({ code: invitation.code ?? '' })).rejects.toMatchObject({
      code: 'invitation-invalid',
    })
    const entered = await browser.redeemInvitation({ code })
    const token = 'token' in entered ? entered.token : ''
    expect(await browser.renewToken(token)).toMatchObject({ roomId, userRole: 'patient' })
    expect((await client.listInvitations(id)).invitations).toMatchObject([{ id: invitation.id, used: 1 }])
    const { id: revocation } = await client.revoke({ userId: 'patient-1042' })
    await expect(browser.renewToken(token)).rejects.toMatchObject({ code: 'revoked' })
    expect((await client.listRevocations()).revocations).toMatchObject([{ id: revocation }])
    await client.liftRevocation(revocation)
    expect(await browser.renewToken(token)).toMatchObject({ roomId })
    await client.revokeInvitation(id, invitation.id)
    await expect(browser.renewToken(token)).rejects.toMatchObject({ code: 'token-not-renewable' })
    await expect(client.kick(id, '0a1b2c3d')).rejects.toMatchObject({ code: 'conference-off' })
  })
})
