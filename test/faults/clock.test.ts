import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOCTOR, readEntries } from '../kit.ts'
import { startCluster } from './cluster.ts'
import { type Instance, PER_ROOM, expectReadyz, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { askOnce, startLoad } from './load.ts'
import { lacking, openDir, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { startRedis } from './redis.ts'

const HOUR_MS = 3_600_000
const LACKING = lacking('initdb', 'redis-server')

/** Starts an instance whose clock can be set. */
async function startWithClock(env: Record<string, string>) {
  const file = join(openDir(), 'offset')
  const set = (offsetMs: number) => writeFileSync(file, String(offsetMs))
  set(0)
  const preload = new URL('shifted-clock.ts', import.meta.url).href
  const NODE_OPTIONS = `--import=${preload}`
  const instance = await startInstance('one', { ...env, NODE_OPTIONS, CLOCK_OFFSET_FILE: file })
  return { instance, set }
}

/** Sees that a token's times are those of the clock as it is set. */
async function expectTimes(instance: Instance, offsetMs: number): Promise<void> {
  const seconds = () => Math.floor((Date.now() + offsetMs) / 1000)
  const earliest = seconds()
  const { iat, nbf, exp } = (await askOnce(instance)) as Record<string, number>
  expect(iat).toBeGreaterThanOrEqual(earliest)
  expect(iat).toBeLessThanOrEqual(seconds())
  expect([nbf, exp]).toStrictEqual([Number(iat) - 10, Number(iat) + 90 * 60])
}

describe('a clock that is set back an hour, and forward again, under load', () => {
  it('is what the tokens say; the chain verifies, and limits neither open nor shut', async () => {
    const path = join(openDir(), 'service.db')
    const { instance, set } = await startWithClock({ DATABASE_URL: `sqlite:${path}` })
    const load = startLoad([instance])
    await load.answers(50)
    await expectTimes(instance, 0)
    const room = { ...DOCTOR, roomId: 'bharattelemed-clock' }
    for (let asked = 0; asked < PER_ROOM; asked += 1) await askOnce(instance, room)
    expect(await askOnce(instance, room)).toMatchObject({ code: 'rate-limited' })
    for (const offsetMs of [-HOUR_MS, 0, HOUR_MS, -HOUR_MS]) {
      set(offsetMs)
      await expectTimes(instance, offsetMs)
      expect(await askOnce(instance, room)).toMatchObject({ code: 'rate-limited' })
      await expectLimitsHold([instance])
      await expectReadyz([instance], 200)
      await load.answers(50)
    }
    await load.stop()
    expect([...load.refused]).toStrictEqual([])
    const times = readEntries(path).map(({ time }) => Number(time))
    expect(times.some((time, index) => time < (times[index - 1] ?? 0) - HOUR_MS / 2)).toBe(true)
    // It is wrong over starts, too.
    for (let start = 0; start < 2; start += 1) {
      expect(await instance.end('SIGTERM')).toBe(0)
      await instance.start()
    }
    const { entries } = await expectNothingLost(`sqlite:${path}`, load.answered)
    tell('clock set four times', { tokens: load.answered.size, refused: 0, lost: 0, entries })
  })

  it.skipIf(LACKING !== '')(
    `does not keep /readyz from the truth, nor limits from being shared${LACKING}`,
    async () => {
      const cluster = await startCluster()
      const redis = await startRedis()
      const { instance, set } = await startWithClock({ DATABASE_URL: cluster.url, REDIS_URL: redis.url })
      await expectReadyz([instance], 200)
      set(-HOUR_MS)
      await expectLimitsHold([instance])
      await cluster.kill()
      await expectReadyz([instance], 503)
      set(HOUR_MS)
      await pause(100)
      set(-HOUR_MS)
      await cluster.start()
      await expectReadyz([instance], 200)
      await expectTimes(instance, -HOUR_MS)
    },
  )
})
