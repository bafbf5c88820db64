import { afterAll, describe, expect, it } from 'vitest'
import type { Consultation } from '../../src/rules/consultations/consultation.ts'
import { matchesRevocation } from '../../src/rules/revocation.ts'
import type { Revocation } from '../../src/service/revocations/ports.ts'
import { openConsultations } from '../../src/store/consultations/consultations.ts'
import { openRevocations } from '../../src/store/revocations.ts'
import { NOW } from '../kit.ts'
import { closeEngines, ENGINES } from './engines/engines.ts'

afterAll(closeEngines)

const consultation = (name: string): Consultation => ({
  id: `id-${name}`,
  room: name,
  version: 1,
  startsAt: NOW,
  endsAt: NOW + 1,
  waitingRoom: false,
  createdAt: NOW,
  createdBy: 'c',
  participants: [{ userId: 'u', role: 'patient', since: NOW }],
})

const made = (id: string, names: Partial<Revocation> = {}, createdAt = NOW): Revocation => ({
  id,
  createdAt,
  createdBy: 'desk',
  ...names,
})
const inRoom = (name: string) => ({ consultation: { id: `id-${name}`, room: name } })

describe.each(ENGINES)('revocations on $name', ({ there, open }) => {
  const opened = async () => {
    const db = await open()
    const consultations = openConsultations(db, 'sqlite')
    for (const name of ['a', 'b']) await consultations.add(consultation(name))
    return openRevocations(db)
  }
  const EVERY = [
    made('1', { userId: 'u' }),
    made('2', inRoom('a')),
    made('3', { ...inRoom('a'), userId: 'u' }),
    made('4', { issuedBefore: NOW - 1 }),
    made('5', { userId: 'v', issuedBefore: NOW }),
    made('6', { ...inRoom('b'), userId: 'v' }),
  ]

  it.skipIf(!there)('come back as they were kept, by id and all at once, until they are removed', async () => {
    const store = await opened()
    for (const each of EVERY) await store.add(each)
    expect((await store.list()).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toStrictEqual(EVERY)
    expect(await store.findById('3')).toStrictEqual(EVERY[2])
    await store.remove('3')
    await store.remove('3')
    expect(await store.findById('3')).toBeUndefined()
    expect(await store.list()).toHaveLength(5)
  })

  it.skipIf(!there)('are found by whom they could bar', async () => {
    const store = await opened()
    for (const each of EVERY) await store.add(each)
    for (const room of ['a', 'b', 'c']) {
      for (const userId of ['u', 'v', 'w']) {
        const found = (await store.findMatching({ room, userId })).map(({ id }) => id).toSorted()
        const expected = EVERY.filter((each) => matchesRevocation(each, { room, userId, issuedAt: 0 })).map(
          ({ id }) => id,
        )
        expect(found).toStrictEqual(expected)
      }
    }
  })

  it.skipIf(!there)('are listed newest first, page by page, those of one time by their ids', async () => {
    const store = await opened()
    for (const [id, age] of [
      ['a', 0],
      ['b', 0],
      ['c', 1],
      ['d', 2],
    ] as const)
      await store.add(made(id, { userId: 'u' }, NOW - age))
    const ids = async (limit: number, after?: { createdAt: number; id: string }) =>
      (await store.listPage({ limit, ...(after === undefined ? {} : { after }) })).map(({ id }) => id)
    expect(await ids(10)).toStrictEqual(['b', 'a', 'c', 'd'])
    expect(await ids(2)).toStrictEqual(['b', 'a'])
    expect(await ids(2, { createdAt: NOW, id: 'a' })).toStrictEqual(['c', 'd'])
    expect(await ids(10, { createdAt: NOW, id: 'b' })).toStrictEqual(['a', 'c', 'd'])
  })
})
