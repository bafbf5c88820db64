import { describe, expect, it } from 'vitest'
import { indexRevocations, type Revocation } from '../../../src/rules/revocation.ts'
import { openRevocationCache, REVOCATIONS_TOPIC } from '../../../src/service/revocations/cache.ts'

const revocationOf = (userId: string): Revocation => ({ id: userId, userId, createdAt: 0, createdBy: 'c' })
const subject = (userId: string) => ({ room: 'a', userId })

/** A cache with a store that can be delayed and broken, and with a change bus that can notify and be down. */
function open(first: Revocation[] = []) {
  const store = { rows: first, broken: false, queries: [] as string[], hold: Promise.resolve() }
  const changeBus = { isUp: true, observers: [] as (() => void)[], topics: [] as string[] }
  const query = async <T>(name: string, rows: () => T) => {
    store.queries.push(name)
    const result = rows()
    await store.hold
    if (store.broken) throw new Error('away')
    return result
  }
  const cache = openRevocationCache(
    {
      list: () => query('all', () => [...store.rows]),
      findMatching: ({ userId }) => query('matching', () => store.rows.filter((each) => each.userId === userId)),
    },
    {
      up: () => changeBus.isUp,
      subscribe(topic, onChange) {
        changeBus.topics.push(topic)
        changeBus.observers.push(onChange)
        return () => void changeBus.observers.splice(changeBus.observers.indexOf(onChange), 1)
      },
    },
  )
  return { cache, store, changeBus, notify: () => changeBus.observers.forEach((onChange) => onChange()) }
}

describe('cached revocations', () => {
  it('are read at the start, and checked without a query', async () => {
    const { cache, store, changeBus } = open([revocationOf('u')])
    expect(await cache.isRevoked(subject('u'))).toBe(true)
    for (let times = 0; times < 100; times += 1) expect(cache.isRevoked(subject('v'))).toBe(false)
    expect(store.queries).toStrictEqual(['all'])
    expect([cache.count(), changeBus.topics]).toStrictEqual([1, [REVOCATIONS_TOPIC]])
  })

  it('are read again on a notification, and a check meanwhile waits for them', async () => {
    const { cache, store, notify } = open()
    expect(await cache.isRevoked(subject('u'))).toBe(false)
    store.rows = [revocationOf('u')]
    notify()
    expect(await cache.isRevoked(subject('u'))).toBe(true)
    store.rows = []
    notify()
    expect(await cache.isRevoked(subject('u'))).toBe(false)
  })

  it('are read once more on a notification during a read', async () => {
    const { cache, store, notify } = open()
    await cache.isRevoked(subject('u'))
    const { promise, resolve } = Promise.withResolvers<void>()
    store.hold = promise
    notify()
    store.rows = [revocationOf('u')]
    notify()
    notify()
    const isRevoked = cache.isRevoked(subject('u'))
    resolve()
    expect(await isRevoked).toBe(true)
    expect(store.queries).toStrictEqual(['all', 'all', 'all'])
  })

  it('apply when a refresh is done, even if it was requested during another one', async () => {
    const { cache, store } = open()
    await cache.refresh()
    for (let round = 0; round < 20; round += 1) {
      store.rows = [revocationOf(`u-${round}`)]
      const result = cache.refresh().then(() => cache.isRevoked(subject(`u-${round}`)))
      for (let tick = 0; tick < round; tick += 1) await Promise.resolve()
      store.rows = [...store.rows, revocationOf('later')]
      await cache.refresh()
      expect(await cache.isRevoked(subject('later'))).toBe(true)
      expect(await result).toBe(true)
    }
  })

  it('are queried for each check while the change bus is down', async () => {
    const { cache, store, changeBus } = open()
    await cache.isRevoked(subject('u'))
    changeBus.isUp = false
    store.rows = [revocationOf('u')]
    expect(await cache.isRevoked(subject('u'))).toBe(true)
    expect(await cache.isRevoked(subject('v'))).toBe(false)
    expect(store.queries).toStrictEqual(['all', 'matching', 'matching'])
  })

  it('make every check fail while the store fails, and are read again at the next check', async () => {
    const { cache, store, notify } = open()
    await cache.isRevoked(subject('u'))
    store.broken = true
    notify()
    await expect(cache.isRevoked(subject('u'))).rejects.toThrow('away')
    await expect(cache.isRevoked(subject('u'))).rejects.toThrow('away')
    store.broken = false
    store.rows = [revocationOf('u')]
    expect(await cache.isRevoked(subject('u'))).toBe(true)
    expect(await cache.isRevoked(subject('v'))).toBe(false)
  })

  it('get no notifications after the cache is closed', () => {
    const { cache, changeBus } = open()
    cache.close()
    expect(changeBus.observers).toStrictEqual([])
  })
})

it('a check of ten thousand revocations makes four lookups', () => {
  const reads = { count: 0 }
  const all = Array.from({ length: 10_000 }, (_, index) => ({
    ...revocationOf(`u-${index}`),
    get userId() {
      reads.count += 1
      return `u-${index}`
    },
  }))
  const isRevoked = indexRevocations(all)
  const readsToIndex = reads.count
  expect([isRevoked(subject('u-9999')), isRevoked(subject('nobody'))]).toStrictEqual([true, false])
  expect(reads.count).toBe(readsToIndex)
})
