import { describe, expect, it } from 'vitest'
import { startCluster } from './cluster.ts'
import { type Instance, livez, probe, startFleet } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { startLoad } from './load.ts'
import { lacking, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { type OwnRedis, startRedis } from './redis.ts'

const LACKING = lacking('initdb', 'redis-server')

/** Requests a minute for an address, which is what is asked too often here. */
const PER_ADDRESS = 100

/** Asks both for what nobody limits but by address. @returns how many were let through; none may fail */
async function through(replicas: readonly Instance[], requests: number): Promise<number> {
  const statuses = await Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      const answer = await fetch(`${replicas[index % 2]?.url}/nowhere`)
      await answer.arrayBuffer()
      return answer.status
    }),
  )
  expect(statuses.filter((status) => status !== 404 && status !== 429)).toStrictEqual([])
  return statuses.filter((status) => status === 404).length
}

/** Takes Redis away for a while from two replicas that are asked too often. */
async function expectOneLimitMore(
  what: string,
  away: (redis: OwnRedis) => unknown,
  back: (redis: OwnRedis) => unknown,
) {
  const redis = await startRedis()
  const { url } = await startCluster()
  const replicas = await startFleet(url, redis.url, { RATE_LIMIT_PER_ADDRESS: String(PER_ADDRESS) })
  const began = performance.now()
  const passed: number[] = []
  const rounds = async (count: number) => {
    let sum = 0
    for (let round = 0; round < count; round += 1) {
      sum += await through(replicas, 50)
      // Redis is asked again once a second.
      await pause(200)
    }
    passed.push(sum)
  }
  await rounds(4)
  await away(redis)
  await rounds(15)
  expect(await Promise.all(replicas.map((each) => probe(each, '/readyz')))).toStrictEqual([200, 200])
  await back(redis)
  await rounds(15)
  const refilled = ((performance.now() - began) / 60_000) * PER_ADDRESS
  const [before = 0, meanwhile = 0, after = 0] = passed
  expect(before).toBeGreaterThanOrEqual(PER_ADDRESS)
  // In the memory of each instance one limit more, so that nobody who keeps to it is shut out.
  expect(meanwhile).toBeGreaterThanOrEqual(PER_ADDRESS)
  expect(before + meanwhile + after).toBeLessThanOrEqual(Math.ceil(3 * (PER_ADDRESS + refilled)))
  tell(`Redis ${what}, let through at ${PER_ADDRESS} a minute`, { before, meanwhile, after })
}

/** Takes Redis away for a while from two replicas that issue. */
async function expectNoFailure(what: string, away: (redis: OwnRedis) => unknown, back: (redis: OwnRedis) => unknown) {
  const redis = await startRedis()
  const { url } = await startCluster()
  const replicas = await startFleet(url, redis.url)
  const load = startLoad(replicas)
  await load.answers(50)
  await away(redis)
  await load.answers(50)
  expect(await livez(replicas)).toStrictEqual([200, 200])
  await expectLimitsHold(replicas, replicas.length)
  await back(redis)
  for (const { running } of replicas) await running.said('Redis is available again')
  await load.answers(50)
  await expectLimitsHold(replicas)
  await load.stop()
  expect([...load.refused]).toStrictEqual([])
  const { entries } = await expectNothingLost(url, load.answered)
  tell(`Redis ${what}`, { tokens: load.answered.size, refused: 0, lost: 0, entries })
}

describe.skipIf(LACKING !== '')(`two replicas under load, when Redis${LACKING}`, () => {
  const kill = (redis: OwnRedis) => redis.kill()
  const start = (redis: OwnRedis) => redis.start()
  const hang = (redis: OwnRedis) => redis.hang()
  const goOn = (redis: OwnRedis) => redis.goOn()

  it('is killed and started again: no request fails, and one limit is shared again afterwards', () =>
    expectNoFailure('killed', kill, start))

  it('hangs and goes on: no request fails, and one limit is shared again afterwards', () =>
    expectNoFailure('hanging', hang, goOn))

  it('is killed and started again: at most one limit more for each instance is let through', () =>
    expectOneLimitMore('killed', kill, start))

  it('hangs and goes on: at most one limit more for each instance is let through', () =>
    expectOneLimitMore('hanging', hang, goOn))
})
