import { afterAll, describe, expect, it } from 'vitest'
import { type Invitation } from '../../../src/rules/invitations/invitation.ts'
import { hashSecret } from '../../../src/rules/secret.ts'
import { openConsultations } from '../../../src/store/consultations/consultations.ts'
import { openInvitations } from '../../../src/store/invitations/invitations.ts'
import type { Database } from '../../../src/store/database/schema.ts'
import { closeEngines, ENGINES } from '../engines/engines.ts'

afterAll(closeEngines)

const MOST = { live: 3, all: 5, participants: 50 }
/** An invitation that adds no participant. */
const ALONE = { invitee: undefined, limits: MOST }
const CONSULTATION = {
  ...{ id: 'c', room: 'room', version: 1, startsAt: 1000, endsAt: 2000, waitingRoom: false, createdAt: 1 },
  createdBy: 'desk',
  participants: [{ userId: 'doctor', role: 'doctor', since: 1 }],
}
const invitationOf = (id: string, change: Partial<Invitation> = {}): Invitation => ({
  ...{ id, consultationId: 'c', role: 'patient', uses: 1, used: 0, createdAt: 10, createdBy: 'desk', ...change },
})
const codeOf = (id: string) => hashSecret(`code of ${id}`)
const useOf = (id: string, browser: number | string, at = 20) => ({
  ...{ codeHash: codeOf(id), sessionHash: hashSecret(`${id} ${browser}`), userId: `guest-${browser}`, at },
})
const joining = (browser: number, most: number) => ({
  participant: { userId: `guest-${browser}`, role: 'patient', name: 'A Guest', since: 20 },
  most,
})

async function storesOf(db: Database, name: string) {
  const engine = name === 'SQLite' ? 'sqlite' : 'postgres'
  const consultations = openConsultations(db, engine)
  await consultations.add(CONSULTATION)
  return { consultations, invitations: openInvitations(db, engine) }
}

describe.each(ENGINES)('invitations on $name', ({ name, there, open }) => {
  const start = async () => storesOf(await open(), name)

  it.skipIf(!there)('come back as they were, in the order in which they were made', async () => {
    const { invitations } = await start()
    const [one, two] = [
      invitationOf('1', { name: 'Asha', userId: 'patient', uses: 3, expiresAt: 99 }),
      invitationOf('2', { createdAt: 9 }),
    ]
    for (const each of [one, two]) {
      expect(await invitations.add(each, codeOf(each.id), ALONE)).toBe('added')
    }
    expect(await invitations.list('c')).toStrictEqual([two, one])
    expect(await invitations.findByCode(codeOf('1'))).toStrictEqual({ invitation: one, isCurrent: true })
    expect(await invitations.findByCode(codeOf('3'))).toBeUndefined()
    expect(await invitations.findById('c', '1')).toStrictEqual(one)
    expect(await invitations.findById('another', '1')).toBeUndefined()
  })

  it.skipIf(!there)('are used as often as they say, of all who come at once', async () => {
    const { invitations, consultations } = await start()
    const invitation = invitationOf('1', { uses: 3 })
    await invitations.add(invitation, codeOf('1'), ALONE)
    const all = Array.from({ length: 40 }, (_, index) => ({ ...useOf('1', index), joins: joining(index, 50) }))
    const outcomes = await Promise.all(all.map((use) => invitations.use(invitation, use)))
    expect(outcomes.filter((each) => each === 'used')).toHaveLength(3)
    expect(outcomes.filter((each) => each === 'dead')).toHaveLength(37)
    const sessions = await Promise.all(all.map(({ sessionHash }) => invitations.findSessions(sessionHash)))
    expect(sessions.flat()).toHaveLength(3)
    const consultation = await consultations.findById('c')
    expect(consultation?.participants).toHaveLength(4)
    expect(consultation?.version).toBe(4)
    expect(await invitations.findById('c', '1')).toMatchObject({ used: 3 })
  })

  it.skipIf(!there)(
    'leave no trace of a use that cannot be: full, over, too late, or with a code from before',
    async () => {
      const { invitations, consultations } = await start()
      const invitation = invitationOf('1', { uses: 9, expiresAt: 30 })
      await invitations.add(invitation, codeOf('1'), ALONE)
      expect(await invitations.use(invitation, { ...useOf('1', 1), joins: joining(1, 1) })).toBe('full')
      expect(await invitations.use(invitation, useOf('1', 2, 30))).toBe('dead')
      expect(await invitations.use(invitation, { ...useOf('1', 3), codeHash: codeOf('2') })).toBe('dead')
      await consultations.replace({ ...CONSULTATION, version: 2, endedAt: 15 })
      expect(await invitations.use(invitation, useOf('1', 4))).toBe('closed')
      expect(await invitations.add(invitationOf('2'), codeOf('2'), ALONE)).toBe('closed')
      for (const browser of [1, 2, 3, 4]) {
        expect(await invitations.findSessions(useOf('1', browser).sessionHash)).toStrictEqual([])
      }
      expect(await invitations.list('c')).toStrictEqual([invitation])
      expect((await consultations.findById('c'))?.participants).toHaveLength(1)
    },
  )

  it.skipIf(!there)('bring whom they invite among those who take part, once', async () => {
    const { invitations, consultations } = await start()
    const invitee = { userId: 'patient', role: 'patient', name: 'Asha', since: 10 }
    const invitation = invitationOf('1', { userId: 'patient' })
    await invitations.add(invitation, codeOf('1'), { invitee, limits: MOST })
    await invitations.add(invitationOf('2', { userId: 'patient' }), codeOf('2'), {
      invitee: { ...invitee, name: 'B' },
      limits: MOST,
    })
    expect(await consultations.findById('c')).toMatchObject({ version: 2, participants: [{}, invitee] })
    const use = { ...useOf('1', 1), userId: 'patient' }
    expect(await invitations.use(invitation, use)).toBe('used')
    expect(await invitations.findSessions(use.sessionHash)).toStrictEqual([
      {
        sessionHash: use.sessionHash,
        consultationId: 'c',
        callerId: 'invitation:1',
        userId: 'patient',
        role: 'patient',
        boundAt: 20,
        invitation: { ...invitation, used: 1 },
      },
    ])
  })

  it.skipIf(!there)('add as many people as may take part, of all who are invited at once', async () => {
    const { invitations, consultations } = await start()
    const add = (n: number | string) =>
      invitations.add(invitationOf(`i-${n}`), codeOf(`i-${n}`), {
        invitee: { userId: `p-${n}`, role: 'patient', since: 1 },
        limits: most,
      })
    const most = { live: 50, all: 50, participants: 4 }
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, n) => add(n)))
    expect(outcomes.filter((each) => each === 'added')).toHaveLength(3)
    expect(outcomes.filter((each) => each === 'full')).toHaveLength(5)
    expect((await consultations.findById('c'))?.participants).toHaveLength(4)
    const again = invitationOf('again', { userId: 'doctor', role: 'doctor' })
    const doctor = { userId: 'doctor', role: 'doctor', since: 2 }
    expect(await invitations.add(again, codeOf('again'), { invitee: doctor, limits: most })).toBe('added')
  })

  it.skipIf(!there)(
    'add as many guests as may wait, of all who come at once; whoever was admitted makes room',
    async () => {
      const { invitations, consultations } = await start()
      const [invitation, other] = [invitationOf('1', { uses: 50 }), invitationOf('2', { uses: 50 })]
      for (const each of [invitation, other]) await invitations.add(each, codeOf(each.id), ALONE)
      const come = (browser: number, by = invitation) =>
        invitations.use(by, {
          ...useOf(by.id, browser),
          joins: { ...joining(browser, 50), waiting: { most: 3, seenSince: 0 } },
        })
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => come(index)))
      expect(outcomes.filter((each) => each === 'used')).toHaveLength(3)
      expect(outcomes.filter((each) => each === 'too-many-waiting')).toHaveLength(5)
      expect(await invitations.findById('c', '1')).toMatchObject({ used: 3 })
      expect(await come(90, other)).toBe('used')
      const [, first, second] = (await consultations.findById('c'))?.participants ?? []
      if (first === undefined || second === undefined) throw new Error('no guest was added')
      await consultations.recordProgress('c', first, { admittedAt: 30 })
      expect([await come(11), await come(12)]).toStrictEqual(['used', 'too-many-waiting'])
      await consultations.enter('c', second, 'invitation:1', 40)
      expect([await come(13), await come(14)]).toStrictEqual(['used', 'too-many-waiting'])
      expect(await invitations.findSessions(useOf('1', 14).sessionHash)).toStrictEqual([])
    },
  )

  it.skipIf(!there)(
    'move to another browser until the person has entered, to one of all who come at once',
    async () => {
      const { invitations, consultations } = await start()
      const invitation = invitationOf('1', { userId: 'patient' })
      const patient = { userId: 'patient', role: 'patient', since: 10 }
      await invitations.add(invitation, codeOf('1'), { invitee: patient, limits: MOST })
      const use = (browser: number) => ({ ...useOf('1', browser), userId: 'patient' })
      expect(await invitations.use(invitation, use(1))).toBe('used')
      expect(await invitations.use(invitation, use(2))).toBe('dead')
      const move = (to: number, from: number) =>
        invitations.use(invitation, { ...use(to), endsSession: use(from).sessionHash })
      const outcomes = await Promise.all([2, 3, 4].map((browser) => move(browser, 1)))
      expect(outcomes.toSorted()).toStrictEqual(['dead', 'dead', 'used'])
      const winner = [2, 3, 4][outcomes.indexOf('used')] ?? 0
      expect(await invitations.findSessions(use(1).sessionHash)).toStrictEqual([])
      expect(await invitations.findMovableSessions('1')).toMatchObject([{ sessionHash: use(winner).sessionHash }])
      expect(await invitations.findById('c', '1')).toMatchObject({ used: 1 })
      await consultations.enter('c', patient, 'invitation:1', 40)
      expect(await invitations.findMovableSessions('1')).toStrictEqual([])
      expect(await move(9, winner)).toBe('dead')
      expect(await invitations.findSessions(use(winner).sessionHash)).toHaveLength(1)
    },
  )

  it.skipIf(!there)('bind a browser to several consultations, the last twenty of those that are not over', async () => {
    const { invitations, consultations } = await start()
    await consultations.replace({ ...CONSULTATION, version: 2, endedAt: 15 })
    const sessionHash = hashSecret('a browser')
    const bind = (consultationId: string, boundAt: number) =>
      invitations.bindUser({
        sessionHash,
        consultationId,
        callerId: 'issuer',
        userId: 'doctor',
        role: 'doctor',
        boundAt,
      })
    await bind('c', 100)
    for (let n = 1; n <= 20; n += 1) {
      const [starts, ends] = [1000 * n, 1000 * n + 500]
      await consultations.add({ ...CONSULTATION, id: `c${n}`, room: `room-${n}`, startsAt: starts, endsAt: ends })
      await bind(`c${n}`, n)
    }
    const bound = await invitations.findSessions(sessionHash)
    expect(bound.map(({ consultationId }) => consultationId)).toStrictEqual(
      Array.from({ length: 20 }, (_, index) => `c${20 - index}`),
    )
    expect(await invitations.findLastEnd(sessionHash)).toBe(20_500)
    expect(await invitations.findLastEnd(hashSecret('another browser'))).toBeUndefined()
    const [{ consultationId, callerId } = { consultationId: '', callerId: '' }] = bound.slice(-1)
    await invitations.renewSession({ sessionHash, consultationId, callerId }, 99)
    expect((await invitations.findSessions(sessionHash))[0]).toMatchObject({ consultationId: 'c1', boundAt: 99 })
    await consultations.delete(['c1'])
    expect(await invitations.findSessions(sessionHash)).toHaveLength(19)
  })

  it.skipIf(!there)('are revoked once, and get another code while one could be used', async () => {
    const { invitations } = await start()
    const invitation = invitationOf('1', { uses: 2 })
    await invitations.add(invitation, codeOf('1'), ALONE)
    expect(await invitations.replaceCode('1', codeOf('new'), 20)).toBe(true)
    expect(await invitations.findByCode(codeOf('1'))).toStrictEqual({ invitation, isCurrent: false })
    expect(await invitations.use(invitation, useOf('1', 1))).toBe('dead')
    expect(await invitations.use(invitation, { ...useOf('1', 1), codeHash: codeOf('new') })).toBe('used')
    await invitations.revoke('1', 30)
    await invitations.revoke('1', 40)
    expect(await invitations.findByCode(codeOf('new'))).toMatchObject({ invitation: { used: 1, revokedAt: 30 } })
    expect(await invitations.replaceCode('1', codeOf('newer'), 50)).toBe(false)
    expect(await invitations.use(invitation, { ...useOf('1', 2), codeHash: codeOf('new') })).toBe('dead')
  })

  it.skipIf(!there)(
    'are as many as may be: of those that can be used, and in all, however many are made at once',
    async () => {
      const { invitations } = await start()
      const add = (id: number) => invitations.add(invitationOf(`${id}`), codeOf(`${id}`), ALONE)
      const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map(add))
      expect(outcomes.filter((each) => each === 'added')).toHaveLength(3)
      for (const { id } of await invitations.list('c')) await invitations.revoke(id, 11)
      expect([await add(7), await add(8), await add(9)]).toStrictEqual(['added', 'added', 'too-many'])
    },
  )
})
