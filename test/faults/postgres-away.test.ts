import { TokenServiceError } from '../../src/client/client.ts'
import { describe, expect, it } from 'vitest'
import { type Cluster, startCluster } from './cluster.ts'
import { type Instance, livez, expectReadyz, startFleet } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { askOnce, type Load, startLoad } from './load.ts'
import { lacking, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { startRedis } from './redis.ts'

const LACKING = lacking('initdb', 'redis-server')

type Scene = { cluster: Cluster; replicas: [Instance, Instance]; load: Load }

/** Two replicas under load, on a PostgreSQL and a Redis of their own. */
async function underLoad(): Promise<Scene> {
  const cluster = await startCluster()
  const redis = await startRedis()
  const replicas = await startFleet(cluster.url, redis.url)
  const load = startLoad(replicas)
  await load.answers(50)
  return { cluster, replicas, load }
}

/** Sees that the outage is told by probe and answer, and that no token is issued while it lasts. */
async function expectNoTokens({ replicas, load }: Scene): Promise<void> {
  await expectReadyz(replicas, 503)
  await load.refusals('record-unavailable', 8)
  const before = load.answered.size
  await load.refusals('record-unavailable', 16)
  expect(load.answered.size).toBe(before)
  const refusal = await askOnce(replicas[0])
  expect(refusal).toBeInstanceOf(TokenServiceError)
  expect(refusal).toMatchObject({ status: 503, code: 'record-unavailable', retryAfterSeconds: 5 })
  expect(await livez(replicas)).toStrictEqual([200, 200])
}

/** Sees that many who come at once all have their answer while the outage lasts: none waits for the others' turn. */
async function expectAllRefused(replica: Instance, callers: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: callers }, () => askOnce(replica)))
  const codes = new Set(answers.map((answer) => answer['code']))
  expect([...codes].filter((code) => code !== 'record-unavailable' && code !== 'overloaded')).toStrictEqual([])
}

/** Sees that it is over without anybody's help, and that nothing went missing. */
async function expectRecovered(what: string, { cluster, replicas, load }: Scene): Promise<void> {
  await expectReadyz(replicas, 200)
  await load.answers(50)
  await load.stop()
  await expectLimitsHold(replicas)
  expect([...load.refused.keys()].filter((code) => code !== 'record-unavailable')).toStrictEqual([])
  expect(load.withoutRetryAfter).toBe(0)
  const { chains, entries } = await expectNothingLost(cluster.url, load.answered)
  // No replica was started again: each still writes its first chain.
  expect(chains).toBe(2)
  const refused = load.refused.get('record-unavailable') ?? 0
  tell(`PostgreSQL ${what}`, { tokens: load.answered.size, refused, lost: 0, entries })
}

describe.skipIf(LACKING !== '')(`two replicas under load, when PostgreSQL${LACKING}`, () => {
  it('is killed and started again: 503 and no token meanwhile, back by themselves, nothing lost', async () => {
    const scene = await underLoad()
    await scene.cluster.kill()
    await expectNoTokens(scene)
    await scene.cluster.start()
    await expectRecovered('killed', scene)
  })

  it('is restarted: 503 at most, back by themselves, nothing lost', async () => {
    const scene = await underLoad()
    await scene.cluster.restart()
    await expectRecovered('restarted', scene)
  })

  it('hangs and goes on: 503 and no token meanwhile, back by themselves, nothing lost', async () => {
    const scene = await underLoad()
    scene.cluster.hang()
    await expectNoTokens(scene)
    await expectAllRefused(scene.replicas[0], 800)
    scene.cluster.goOn()
    await expectRecovered('hanging', scene)
  })
})
