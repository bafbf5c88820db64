import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { startCluster } from './cluster.ts'
import { freeKiB, mountDisk, type SmallDisk } from './disk.ts'
import { type Instance, livez, probe, expectReadyz, startFleet, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { askOnce, type Load, startLoad } from './load.ts'
import { lacking, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'

const LACKING = lacking('initdb')

/** A small disk, or the test is skipped with the reason. */
function smallDisk(context: TestContext, sizeMiB: number): SmallDisk {
  const disk = mountDisk(sizeMiB)
  return typeof disk === 'string' ? context.skip(disk) : disk
}

/** Fills the disk under load, and sees that it is told and that no token is issued until there is room again. */
async function expectNoTokens(disk: SmallDisk, instances: readonly Instance[], load: Load): Promise<void> {
  await load.answers(50)
  disk.fill()
  // What room is left in files that were there may still hold some entries.
  for (let before = -1; before !== load.answered.size;) {
    before = load.answered.size
    await load.refusals('record-unavailable', 100)
  }
  const before = load.answered.size
  for (let round = 0; round < 3; round += 1) {
    // An answer of a probe holds for a second.
    await pause(1200)
    expect(await Promise.all(instances.map((each) => probe(each, '/readyz')))).toStrictEqual(instances.map(() => 503))
    expect(await livez(instances)).toStrictEqual(instances.map(() => 200))
  }
  expect(await askOnce(instances[0] as Instance)).toMatchObject({ status: 503, retryAfterSeconds: 5 })
  expect(load.answered.size).toBe(before)
}

async function expectRecovered(what: string, database: string, instances: readonly Instance[], load: Load) {
  await expectReadyz(instances, 200)
  await load.answers(50)
  await load.stop()
  expect([...load.refused.keys()]).toStrictEqual(['record-unavailable'])
  expect(load.withoutRetryAfter).toBe(0)
  const { chains, entries } = await expectNothingLost(database, load.answered)
  expect(chains).toBe(instances.length)
  const refused = load.refused.get('record-unavailable')
  tell(`full disk below ${what}`, { tokens: load.answered.size, refused, lost: 0, entries })
}

describe('a full disk: 503 and no token, and back by itself once there is room', () => {
  it('below SQLite', async (context) => {
    const disk = smallDisk(context, 16)
    const database = `sqlite:${join(disk.path, 'service.db')}`
    const instance = await startInstance('one', { DATABASE_URL: database })
    const load = startLoad([instance], 16)
    await expectNoTokens(disk, [instance], load)
    expect(freeKiB(disk.path)).toBeLessThan(64)
    disk.free()
    await expectRecovered('SQLite', database, [instance], load)
    await expectLimitsHold([instance])
  })

  it.skipIf(LACKING !== '').for(['data', 'write-ahead log'])(
    `below the %s of PostgreSQL${LACKING}`,
    async (what, context) => {
      const disk = what === 'data' ? smallDisk(context, 96) : smallDisk(context, 24)
      const cluster = await (what === 'data' ? startCluster(disk.path) : startCluster(undefined, disk.path))
      const replicas = await startFleet(cluster.url)
      const load = startLoad(replicas, 16)
      await expectNoTokens(disk, replicas, load)
      disk.free()
      // Where it could not write its log it has given up, and an operator starts it again.
      const gaveUp = !cluster.alive()
      if (gaveUp) await cluster.start()
      await expectRecovered(`the ${what} of PostgreSQL (gave up: ${gaveUp})`, cluster.url, replicas, load)
      await expectLimitsHold(replicas, replicas.length)
    },
  )
})
