import { afterAll, describe, expect, it } from 'vitest'
import type { Consultation, ConsultationStore } from '../../../src/service/consultations/ports.ts'
import { appendParticipant, openConsultations } from '../../../src/store/consultations/consultations.ts'
import { closeEngines, ENGINES } from '../engines/engines.ts'

const HOUR_MS = 3_600_000
const made = (id: string, change: Partial<Consultation> = {}): Consultation => ({
  id,
  room: `room-${id}`,
  version: 1,
  startsAt: HOUR_MS,
  endsAt: 2 * HOUR_MS,
  waitingRoom: true,
  createdAt: 1,
  createdBy: 'desk',
  participants: [
    { userId: 'd', role: 'doctor', since: 1 },
    { userId: 'p', role: 'patient', name: 'Asha Rao', since: 1 },
  ],
  ...change,
})
const answerOf = (key: string, answer = '{}') => ({ caller: 'c', key, fingerprint: 'f', answer })

afterAll(closeEngines)

describe.each(ENGINES)('consultations on $name', ({ name, there, open }) => {
  const openOne = async (): Promise<ConsultationStore> =>
    openConsultations(await open(), name === 'SQLite' ? 'sqlite' : 'postgres')

  it.skipIf(!there)('come back as they were made, by id and by room', async () => {
    const store = await openOne()
    const all = made('a', { maxParticipants: 3, externalId: 'x-1' })
    expect(await store.add(all)).toBe('added')
    expect(await store.findById('a')).toStrictEqual(all)
    expect(await store.findByRoom('room-a')).toStrictEqual(all)
    expect([await store.findById('b'), await store.findByRoom('a')]).toStrictEqual([undefined, undefined])
  })

  it.skipIf(!there)('remember whose name is self-chosen, until a new version says otherwise', async () => {
    const store = await openOne()
    const guest = { userId: 'g', role: 'patient', name: 'Asha Rao', selfNamed: true, since: 1 }
    await store.add(made('a', { participants: [guest] }))
    expect((await store.findById('a'))?.participants).toStrictEqual([guest])
    await store.replace(made('a', { version: 2, participants: [guest] }))
    expect((await store.findById('a'))?.participants).toStrictEqual([guest])
    const { selfNamed: _before, ...named } = guest
    await store.replace(made('a', { version: 3, participants: [named] }))
    expect((await store.findById('a'))?.participants).toStrictEqual([named])
  })

  it.skipIf(!there)('have rooms of their own, and one answer for each idempotency key', async () => {
    const store = await openOne()
    expect(await store.add(made('a'), answerOf('k', '{"id":"a"}'))).toBe('added')
    expect(await store.add(made('b'), answerOf('k'))).toBe('answered')
    expect(await store.add(made('c', { room: 'room-a' }), answerOf('other'))).toBe('room-taken')
    expect([await store.findById('b'), await store.findById('c'), await store.findAnswer('c', 'other')]).toStrictEqual(
      Array(3).fill(undefined),
    )
    expect(await store.findAnswer('c', 'k')).toStrictEqual({ fingerprint: 'f', answer: '{"id":"a"}' })
    expect(await store.findAnswer('another', 'k')).toBeUndefined()
    await store.deleteAnswers(1)
    expect(await store.findAnswer('c', 'k')).toBeDefined()
    await store.deleteAnswers(2)
    expect(await store.findAnswer('c', 'k')).toBeUndefined()
  })

  it.skipIf(!there)('are replaced version by version, and of two changes at once one wins', async () => {
    const store = await openOne()
    await store.add(made('a'))
    const next = (endsAt: number) => made('a', { version: 2, endsAt })
    const won = await Promise.all([store.replace(next(3 * HOUR_MS)), store.replace(next(4 * HOUR_MS))])
    expect(won.toSorted()).toStrictEqual([false, true])
    expect(await store.findById('a')).toMatchObject({ version: 2, endsAt: (won[0] ? 3 : 4) * HOUR_MS })
    expect(await store.replace(next(5 * HOUR_MS))).toBe(false)
  })

  it.skipIf(!there)('keep what participants reached, once, through changes, and not for who was removed', async () => {
    const store = await openOne()
    await store.add(made('a'))
    expect(await store.recordProgress('a', { userId: 'p', since: 1 }, { waitingSince: 5 })).toBe(true)
    expect(await store.recordProgress('a', { userId: 'p', since: 1 }, { waitingSince: 6 })).toBe(false)
    expect(await store.recordProgress('a', { userId: 'p', since: 1 }, { admittedAt: 7 })).toBe(true)
    expect(await store.recordProgress('a', { userId: 'd', since: 2 }, { admittedAt: 7 })).toBe(false)
    expect(await store.recordProgress('a', { userId: 'nobody', since: 1 }, { admittedAt: 7 })).toBe(false)
    const participants = [
      { userId: 'new', role: 'observer', since: 9 },
      { userId: 'p', role: 'patient', name: 'Another Name', since: 1 },
    ]
    await store.replace(made('a', { version: 2, participants }))
    expect((await store.findById('a'))?.participants).toStrictEqual([
      participants[0],
      { ...participants[1], waitingSince: 5, admittedAt: 7 },
    ])
    const again = [{ userId: 'p', role: 'observer', since: 20 }]
    await store.replace(made('a', { version: 3, participants: again }))
    expect((await store.findById('a'))?.participants).toStrictEqual(again)
  })

  it.skipIf(!there)('are entered by as many as there are places, and reopened by nobody', async () => {
    const store = await openOne()
    const participants = Array.from({ length: 12 }, (_, n) => ({ userId: `u${n}`, role: 'observer', since: 1 }))
    await store.add(made('a', { participants, maxParticipants: 4 }))
    const entered = await Promise.all(participants.map((each) => store.enter('a', each, 'desk', 50)))
    expect(entered.filter(Boolean)).toHaveLength(4)
    const { openedAt, participants: now = [] } = (await store.findById('a')) ?? {}
    expect([openedAt, now.filter(({ enteredAt, via }) => enteredAt === 50 && via === 'desk').length]).toStrictEqual([
      50, 4,
    ])
    const inside = now.find(({ enteredAt }) => enteredAt !== undefined) ?? { userId: '', role: '', since: 0 }
    expect(await store.enter('a', inside, 'other', 60)).toBe(true)
    expect((await store.findById('a'))?.participants.find(({ userId }) => userId === inside.userId)).toMatchObject({
      enteredAt: 50,
      via: 'other',
    })
    expect(await store.enter('a', { ...inside, since: 2 }, 'desk', 60)).toBe(false)
    await store.replace({ ...made('a', { participants: now, maxParticipants: 4 }), version: 2, endedAt: 70 })
    expect(await store.enter('a', inside, 'third', 80)).toBe(false)
  })

  it.skipIf(!there)('are read as they were at one time', async () => {
    const db = await open()
    const writing = openConsultations(db, name === 'SQLite' ? 'sqlite' : 'postgres')
    await writing.add(made('a'))
    const next = made('a', { version: 2, startsAt: 8 * HOUR_MS, endsAt: 9 * HOUR_MS })
    // Between what is read first and what is read next, if there were two.
    const reading = db.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        await writing.replace({ ...next, participants: [{ userId: 'new', role: 'patient', since: 9 }] })
        return result
      },
    })
    const { version, participants = [] } =
      (await openConsultations(reading, name === 'SQLite' ? 'sqlite' : 'postgres').findById('a')) ?? {}
    expect([version, participants.map(({ userId }) => userId)]).toStrictEqual([1, ['d', 'p']])
  })

  it.skipIf(!there)('are joined by a person once', async () => {
    const db = await open()
    const store = openConsultations(db, name === 'SQLite' ? 'sqlite' : 'postgres')
    await store.add(made('a'))
    const guest = { userId: 'guest-1', role: 'patient', name: 'Guest', since: 9 }
    const joined = await Promise.all([appendParticipant(db, 'a', guest), appendParticipant(db, 'a', guest)])
    expect(joined.toSorted()).toStrictEqual([false, true])
    expect((await store.findById('a'))?.participants.at(-1)).toStrictEqual(guest)
  })

  it.skipIf(!there)('are found by window, participant, external id and state, a page at a time', async () => {
    const store = await openOne()
    const at = (hour: number) => ({ startsAt: hour * HOUR_MS, endsAt: (hour + 1) * HOUR_MS })
    await store.add(made('c', at(3)))
    await store.add(made('a', { ...at(1), externalId: 'x-1' }))
    await store.add(made('b', { ...at(1), participants: [{ userId: 'other', role: 'patient', since: 1 }] }))
    await store.add(made('d', { ...at(4), cancelledAt: 1 }))
    await store.add(made('e', { ...at(5), openedAt: 1 }))
    await store.add(made('f', { ...at(6), openedAt: 1, endedAt: 2 }))
    const find = async (search: Partial<Parameters<ConsultationStore['search']>[0]>) =>
      (await store.search({ closedBy: 0, limit: 10, ...search })).map(({ id }) => id).join('')
    expect(await find({})).toBe('abcdef')
    expect(await find({ from: 2 * HOUR_MS, to: 5 * HOUR_MS })).toBe('cd')
    expect(await find({ participant: 'other' })).toBe('b')
    expect(await find({ externalId: 'x-1' })).toBe('a')
    expect(await find({ state: 'scheduled', closedBy: 2 * HOUR_MS })).toBe('c')
    expect(await find({ state: 'open' })).toBe('e')
    expect(await find({ state: 'ended', closedBy: 2 * HOUR_MS })).toBe('abf')
    expect(await find({ state: 'cancelled' })).toBe('d')
    expect(await find({ limit: 2 })).toBe('ab')
    expect(await find({ limit: 2, after: { startsAt: HOUR_MS, id: 'b' } })).toBe('cd')
    expect((await store.search({ closedBy: 0, limit: 1, participant: 'p' }))[0]?.participants).toHaveLength(2)
  })
})
