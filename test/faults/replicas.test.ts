import { describe, expect, it } from 'vitest'
import { startBalancer } from './balancer.ts'
import { startCluster } from './cluster.ts'
import { type Instance, expectReadyz, startFleet } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { startLoad } from './load.ts'
import { lacking, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { startRedis } from './redis.ts'

const LACKING = lacking('initdb', 'redis-server')
const ROUNDS = 6

/** Ends the replicas in turn, behind a balancer and under load, and starts each again. */
async function expectNoFailure(signal: 'SIGKILL' | 'SIGTERM', ended: number | string): Promise<void> {
  const { url } = await startCluster()
  const redis = await startRedis()
  const replicas = await startFleet(url, redis.url)
  const balancer = await startBalancer(replicas)
  const load = startLoad([balancer], 16)
  await load.answers(50)
  for (let round = 0; round < ROUNDS; round += 1) {
    const replica = replicas[round % 2] as Instance
    await pause(Math.random() * 300)
    expect(await replica.end(signal)).toBe(ended)
    await load.answers(50)
    await replica.start()
    await expectReadyz(replicas, 200)
    await load.answers(20)
  }
  await load.stop()
  expect([...load.refused]).toStrictEqual([])
  const { chains, entries, issued } = await expectNothingLost(url, load.answered)
  expect(chains).toBe(ROUNDS + 2)
  // Whoever is told to stop first answers those whom it let in.
  if (signal === 'SIGTERM') expect(issued).toBe(load.answered.size)
  await expectLimitsHold(replicas)
  const { unreachable, unavailable } = balancer.retried
  const figures = { tokens: load.answered.size, failed: 0, lost: 0, entries, unreachable, unavailable }
  tell(`a replica ended by ${signal} ${ROUNDS} times`, figures)
}

describe.skipIf(LACKING !== '')(`one of two replicas behind a balancer under load${LACKING}`, () => {
  it('killed: no request fails, for the balancer asks the other one', () => expectNoFailure('SIGKILL', 'SIGKILL'))

  it('told to stop: no request fails, and it ends well', () => expectNoFailure('SIGTERM', 0))
})
