import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withFallback } from '../../src/limits/fallback.ts'
import { openLimiter } from '../../src/limits/limiter.ts'
import { createMemoryLimiter } from '../../src/limits/memory.ts'
import { openRedisLimiter } from '../../src/limits/redis.ts'
import type { BucketKey } from '../../src/rules/limits.ts'
import type { RateLimiter } from '../../src/service/ports.ts'
import { wireTo } from '../support/wire.ts'

const REDIS = process.env['TEST_REDIS_URL']
const skipped = REDIS === undefined ? ' (skipped: no TEST_REDIS_URL)' : ''

const newKey = (): BucketKey => `caller:${randomUUID()}`

async function openRedis(url = REDIS ?? ''): Promise<RateLimiter> {
  // The long timeout keeps a slow machine from failing a test of the counting.
  const redis = openRedisLimiter(url, () => undefined, 30_000)
  onTestFinished(() => redis.close())
  await redis.ready()
  return redis
}

const engines: [string, boolean, () => RateLimiter | Promise<RateLimiter>][] = [
  ['memory', true, () => createMemoryLimiter(() => performance.now())],
  [`Redis${skipped}`, REDIS !== undefined, openRedis],
]

describe.each(engines)('a limiter in %s', (_name, isAvailable, open) => {
  it.skipIf(!isAvailable)('allows as many requests at once as the limit, and reports how many remain', async () => {
    const limiter = await open()
    const key = newKey()
    const outcomes = []
    for (let i = 0; i < 7; i += 1) outcomes.push(await limiter.take(key, 5))
    expect(outcomes.map(({ allowed, remaining }) => [allowed, remaining])).toStrictEqual([
      [true, 4],
      [true, 3],
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
      [false, 0],
    ])
    const last = outcomes.at(-1)
    expect(last?.retryAfterMs).toBeGreaterThan(11_000)
    expect(last?.retryAfterMs).toBeLessThanOrEqual(12_000)
    expect(last?.resetMs).toBeGreaterThan(59_000)
    expect(last?.resetMs).toBeLessThanOrEqual(60_000)
    expect(outcomes[0]).toMatchObject({ retryAfterMs: 0 })
  })

  it.skipIf(!isAvailable)('is exact for concurrent requests', async () => {
    const limiter = await open()
    const key = newKey()
    const outcomes = await Promise.all(Array.from({ length: 300 }, () => limiter.take(key, 100)))
    expect(outcomes.filter(({ allowed }) => allowed)).toHaveLength(100)
  })

  it.skipIf(!isAvailable)('refills evenly: 1200 per minute is one every 50 ms', async () => {
    const limiter = await open()
    const key = newKey()
    for (let i = 0; i < 12; i += 1) await Promise.all(Array.from({ length: 100 }, () => limiter.take(key, 1200)))
    const began = performance.now()
    let allowed = 0
    while (performance.now() - began < 300) if ((await limiter.take(key, 1200)).allowed) allowed += 1
    const seconds = (performance.now() - began) / 1000
    // The bucket also refilled while the burst ran.
    expect(allowed).toBeLessThanOrEqual(20 * seconds + 20)
    expect(allowed).toBeGreaterThanOrEqual(4)
  })

  it.skipIf(!isAvailable)('counts each key separately', async () => {
    const limiter = await open()
    const [one, other] = [newKey(), `${newKey()}{}:ban"é` as const]
    expect((await limiter.take(one, 1)).allowed).toBe(true)
    expect((await limiter.take(one, 1)).allowed).toBe(false)
    expect((await limiter.take(other, 1)).allowed).toBe(true)
  })
})

it('in memory: a hundred thousand keys are stored, and an old one is evicted for a new one', async () => {
  const limiter = createMemoryLimiter(() => 0)
  await limiter.take('caller:first', 1)
  for (let i = 0; i < 100_000; i += 1) await limiter.take(`caller:k${i}`, 1)
  expect((await limiter.take('caller:first', 1)).allowed).toBe(true)
  expect((await limiter.take('caller:k99999', 1)).allowed).toBe(false)
})

describe('the fallback', () => {
  it('counts while the primary fails, reports each change once, and ends when the primary works again', async () => {
    let now = 0
    let works = true
    let tried = 0
    const changes: string[] = []
    const memory = createMemoryLimiter(() => now)
    const primary: RateLimiter = {
      ...memory,
      take: async (key, perMinute) => {
        tried += 1
        if (!works) throw new Error('unavailable')
        return memory.take(`${key}:primary`, perMinute)
      },
    }
    const limiter = withFallback(
      primary,
      createMemoryLimiter(() => now),
      () => now,
      (serving) => changes.push(serving),
    )
    const take = async () => (await limiter.take('caller:k', 2)).allowed
    expect(await take()).toBe(true)
    works = false
    // The fallback has its own bucket, which allows at most the limit once more.
    expect([await take(), await take(), await take(), await take()]).toStrictEqual([true, true, false, false])
    expect(tried).toBe(2)
    now = 1000
    await take()
    await take()
    expect(tried).toBe(3)
    works = true
    now = 2000
    await take()
    expect(tried).toBe(4)
    expect(changes).toStrictEqual(['fallback', 'primary'])
  })
})

describe(`Redis behind a connection that breaks${skipped}`, () => {
  const served: string[] = []
  const open = async (url: string) => {
    served.length = 0
    const opened = await openLimiter(url, () => performance.now(), {
      onBackendChange: (by) => void served.push(by),
      onRedisError: () => undefined,
      onDecision: () => undefined,
    })
    onTestFinished(() => opened.close())
    return opened.limiter
  }

  it.skipIf(REDIS === undefined)('cut: counts on at once, and uses Redis again once it is reachable', async () => {
    const between = await wireTo(REDIS ?? '')
    const limiter = await open(between.url)
    const key = newKey()
    expect((await limiter.take(key, 3)).remaining).toBe(2)
    between.set('cut')
    const began = performance.now()
    const outcomes = []
    for (let i = 0; i < 200; i += 1) outcomes.push((await limiter.take(key, 3)).allowed)
    // Waiting 100 ms for Redis on each call would take 20 s.
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(outcomes.filter(Boolean).length).toBeLessThanOrEqual(3)
    expect(served).toStrictEqual(['memory'])
    between.set('open')
    while (!served.includes('redis')) {
      await limiter.take(newKey(), 3)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    // Redis has kept its count; a call that was in flight when the connection broke may be counted too.
    expect((await limiter.take(key, 3)).remaining).toBeLessThanOrEqual(1)
  })

  it.skipIf(REDIS === undefined)('hanging: delays one call by a tenth of a second, and no other', async () => {
    const between = await wireTo(REDIS ?? '')
    const limiter = await open(between.url)
    await limiter.take(newKey(), 3)
    between.set('hanging')
    const began = performance.now()
    const key = newKey()
    const outcomes = []
    for (let i = 0; i < 200; i += 1) outcomes.push((await limiter.take(key, 50)).allowed)
    expect(outcomes.filter(Boolean)).toHaveLength(50)
    expect(performance.now() - began).toBeLessThan(10_000)
    between.set('open')
    while (!served.includes('redis')) {
      await limiter.take(newKey(), 3)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })

  it('unavailable at the start: counts in memory and does not throw', async () => {
    const limiter = await open('redis://127.0.0.1:9')
    const key = newKey()
    expect([(await limiter.take(key, 1)).allowed, (await limiter.take(key, 1)).allowed]).toStrictEqual([true, false])
    expect(served).toStrictEqual(['memory'])
  })
})
