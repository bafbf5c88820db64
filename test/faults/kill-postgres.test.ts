import { expect, it } from 'vitest'
import { startCluster } from './cluster.ts'
import { type Instance, startFleet } from './fleet.ts'
import { startLoad } from './load.ts'
import { lacking, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'

const ROUNDS = 50
const LACKING = lacking('initdb')

it.skipIf(LACKING !== '')(
  `replicas on one PostgreSQL, killed fifty times in turn while both issue: every token that arrived has its entry, and the chains verify every time${LACKING}`,
  async () => {
    const { url } = await startCluster()
    const replicas = await startFleet(url)
    const load = startLoad(replicas, 4)
    await load.answers(1)
    for (let round = 0; round < ROUNDS; round += 1) {
      const replica = replicas[round % 2] as Instance
      await pause(Math.random() * 300)
      expect(await replica.end('SIGKILL')).toBe('SIGKILL')
      // The other one goes on writing meanwhile.
      await expectNothingLost(url, load.answered)
      await replica.start()
      await load.answers(1)
    }
    await load.stop()
    const { chains, entries } = await expectNothingLost(url, load.answered)
    expect(chains).toBe(ROUNDS + 2)
    expect([...load.refused.keys()]).toStrictEqual(['unreachable'])
    tell('PostgreSQL', { kills: ROUNDS, tokens: load.answered.size, lost: 0, chains, entries })
  },
)
