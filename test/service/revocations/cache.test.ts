import { describe, expect, it } from 'vitest'
import { barring, type Revocation } from '../../../src/rules/revocation.ts'
import { knowRevocations, REVOCATIONS_TOPIC } from '../../../src/service/revocations/cache.ts'

const of = (userId: string): Revocation => ({ id: userId, userId, createdAt: 0, createdBy: 'c' })
const entrant = (userId: string) => ({ room: 'a', userId })

/** A store that answers when it is told to, and a bell that can be pulled and taken down. */
function open(first: Revocation[] = []) {
  const store = { rows: first, broken: false, asked: [] as string[], hold: Promise.resolve() }
  const bell = { isUp: true, heard: [] as (() => void)[], topics: [] as string[] }
  const answer = async <T>(what: string, rows: () => T) => {
    store.asked.push(what)
    const found = rows()
    await store.hold
    if (store.broken) throw new Error('away')
    return found
  }
  const known = knowRevocations(
    {
      all: () => answer('all', () => [...store.rows]),
      naming: ({ userId }) => answer('naming', () => store.rows.filter((each) => each.userId === userId)),
    },
    {
      up: () => bell.isUp,
      listen(topic, heard) {
        bell.topics.push(topic)
        bell.heard.push(heard)
        return () => void bell.heard.splice(bell.heard.indexOf(heard), 1)
      },
    },
  )
  return { known, store, bell, ring: () => bell.heard.forEach((heard) => heard()) }
}

describe('the revocations that are known', () => {
  it('are there from the start, and cost no question to the store', async () => {
    const { known, store, bell } = open([of('u')])
    expect(await known.bars(entrant('u'))).toBe(true)
    for (let times = 0; times < 100; times += 1) expect(known.bars(entrant('v'))).toBe(false)
    expect(store.asked).toStrictEqual(['all'])
    expect([known.count(), bell.topics]).toStrictEqual([1, [REVOCATIONS_TOPIC]])
  })

  it('are read again when the bell rings, and whoever asks meanwhile waits for that', async () => {
    const { known, store, ring } = open()
    expect(await known.bars(entrant('u'))).toBe(false)
    store.rows = [of('u')]
    ring()
    expect(await known.bars(entrant('u'))).toBe(true)
    store.rows = []
    ring()
    expect(await known.bars(entrant('u'))).toBe(false)
  })

  it('are read once more when the bell rings while they are read', async () => {
    const { known, store, ring } = open()
    await known.bars(entrant('u'))
    const { promise, resolve } = Promise.withResolvers<void>()
    store.hold = promise
    ring()
    store.rows = [of('u')]
    ring()
    ring()
    const barred = known.bars(entrant('u'))
    resolve()
    expect(await barred).toBe(true)
    expect(store.asked).toStrictEqual(['all', 'all', 'all'])
  })

  it('are heeded once a refresh is done, whenever it was asked for', async () => {
    const { known, store } = open()
    await known.refresh()
    for (let round = 0; round < 20; round += 1) {
      store.rows = [of(`u-${round}`)]
      const ticks = known.refresh().then(() => known.bars(entrant(`u-${round}`)))
      for (let tick = 0; tick < round; tick += 1) await Promise.resolve()
      store.rows = [...store.rows, of('later')]
      await known.refresh()
      expect(await known.bars(entrant('later'))).toBe(true)
      expect(await ticks).toBe(true)
    }
  })

  it('are asked for one by one while the bell is down', async () => {
    const { known, store, bell } = open()
    await known.bars(entrant('u'))
    bell.isUp = false
    store.rows = [of('u')]
    expect(await known.bars(entrant('u'))).toBe(true)
    expect(await known.bars(entrant('v'))).toBe(false)
    expect(store.asked).toStrictEqual(['all', 'naming', 'naming'])
  })

  it('let nobody through while nobody knows, and are read again for whoever asks next', async () => {
    const { known, store, ring } = open()
    await known.bars(entrant('u'))
    store.broken = true
    ring()
    await expect(known.bars(entrant('u'))).rejects.toThrow('away')
    await expect(known.bars(entrant('u'))).rejects.toThrow('away')
    store.broken = false
    store.rows = [of('u')]
    expect(await known.bars(entrant('u'))).toBe(true)
    expect(await known.bars(entrant('v'))).toBe(false)
  })

  it('hear nothing any more once they are closed', () => {
    const { known, bell } = open()
    known.close()
    expect(bell.heard).toStrictEqual([])
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
  const bars = barring(all)
  const built = looks.count
  expect([bars(entrant('u-9999')), bars(entrant('nobody'))]).toStrictEqual([true, false])
  expect(looks.count).toBe(built)
})
