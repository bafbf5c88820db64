import { describe, expect, it } from 'vitest'
import { indexRevocations, type Revocation } from '../../../src/rules/revocation.ts'
import { openRevocationCache, REVOCATIONS_TOPIC } from '../../../src/service/revocations/cache.ts'

const of = (userId: string): Revocation => ({ id: userId, userId, createdAt: 0, createdBy: 'c' })
const entrant = (userId: string) => ({ room: 'a', userId })

/** A store that answers when it is told to, and a changeBus that can be pulled and taken down. */
function open(first: Revocation[] = []) {
  const store = { rows: first, broken: false, asked: [] as string[], hold: Promise.resolve() }
  const changeBus = { isUp: true, heard: [] as (() => void)[], topics: [] as string[] }
  const answer = async <T>(what: string, rows: () => T) => {
    store.asked.push(what)
    const found = rows()
    await store.hold
    if (store.broken) throw new Error('away')
    return found
  }
  const known = openRevocationCache(
    {
      list: () => answer('all', () => [...store.rows]),
      findMatching: ({ userId }) => answer('naming', () => store.rows.filter((each) => each.userId === userId)),
    },
    {
      up: () => changeBus.isUp,
      subscribe(topic, heard) {
        changeBus.topics.push(topic)
        changeBus.heard.push(heard)
        return () => void changeBus.heard.splice(changeBus.heard.indexOf(heard), 1)
      },
    },
  )
  return { known, store, changeBus, ring: () => changeBus.heard.forEach((heard) => heard()) }
}

describe('the revocations that are known', () => {
  it('are there from the start, and cost no question to the store', async () => {
    const { known, store, changeBus } = open([of('u')])
    expect(await known.isRevoked(entrant('u'))).toBe(true)
    for (let times = 0; times < 100; times += 1) expect(known.isRevoked(entrant('v'))).toBe(false)
    expect(store.asked).toStrictEqual(['all'])
    expect([known.count(), changeBus.topics]).toStrictEqual([1, [REVOCATIONS_TOPIC]])
  })

  it('are read again when the changeBus rings, and whoever asks meanwhile waits for that', async () => {
    const { known, store, ring } = open()
    expect(await known.isRevoked(entrant('u'))).toBe(false)
    store.rows = [of('u')]
    ring()
    expect(await known.isRevoked(entrant('u'))).toBe(true)
    store.rows = []
    ring()
    expect(await known.isRevoked(entrant('u'))).toBe(false)
  })

  it('are read once more when the changeBus rings while they are read', async () => {
    const { known, store, ring } = open()
    await known.isRevoked(entrant('u'))
    const { promise, resolve } = Promise.withResolvers<void>()
    store.hold = promise
    ring()
    store.rows = [of('u')]
    ring()
    ring()
    const barred = known.isRevoked(entrant('u'))
    resolve()
    expect(await barred).toBe(true)
    expect(store.asked).toStrictEqual(['all', 'all', 'all'])
  })

  it('are heeded once a refresh is done, whenever it was asked for', async () => {
    const { known, store } = open()
    await known.refresh()
    for (let round = 0; round < 20; round += 1) {
      store.rows = [of(`u-${round}`)]
      const ticks = known.refresh().then(() => known.isRevoked(entrant(`u-${round}`)))
      for (let tick = 0; tick < round; tick += 1) await Promise.resolve()
      store.rows = [...store.rows, of('later')]
      await known.refresh()
      expect(await known.isRevoked(entrant('later'))).toBe(true)
      expect(await ticks).toBe(true)
    }
  })

  it('are asked for one by one while the changeBus is down', async () => {
    const { known, store, changeBus } = open()
    await known.isRevoked(entrant('u'))
    changeBus.isUp = false
    store.rows = [of('u')]
    expect(await known.isRevoked(entrant('u'))).toBe(true)
    expect(await known.isRevoked(entrant('v'))).toBe(false)
    expect(store.asked).toStrictEqual(['all', 'naming', 'naming'])
  })

  it('let nobody through while nobody knows, and are read again for whoever asks next', async () => {
    const { known, store, ring } = open()
    await known.isRevoked(entrant('u'))
    store.broken = true
    ring()
    await expect(known.isRevoked(entrant('u'))).rejects.toThrow('away')
    await expect(known.isRevoked(entrant('u'))).rejects.toThrow('away')
    store.broken = false
    store.rows = [of('u')]
    expect(await known.isRevoked(entrant('u'))).toBe(true)
    expect(await known.isRevoked(entrant('v'))).toBe(false)
  })

  it('hear nothing any more once they are closed', () => {
    const { known, changeBus } = open()
    known.close()
    expect(changeBus.heard).toStrictEqual([])
  })
})

it('ten thousand revocations are looked at in four places', () => {
  const looks = { count: 0 }
  const all = Array.from({ length: 10_000 }, (_, index) => ({
    ...of(`u-${index}`),
    get userId() {
      looks.count += 1
      return `u-${index}`
    },
  }))
  const bars = indexRevocations(all)
  const built = looks.count
  expect([bars(entrant('u-9999')), bars(entrant('nobody'))]).toStrictEqual([true, false])
  expect(looks.count).toBe(built)
})
