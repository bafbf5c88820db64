import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startInstance } from './fleet.ts'
import { openDir, pause, tell } from './machine.ts'
import { startLoad } from './load.ts'
import { expectNothingLost } from './record.ts'

const ROUNDS = 50

it('killed fifty times while it issues on SQLite: every token that arrived has its entry, and the chains verify every time', async () => {
  const database = `sqlite:${join(openDir(), 'service.db')}`
  const instance = await startInstance('one', { DATABASE_URL: database })
  const answered = new Map<string, string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0) await instance.start()
    const load = startLoad([instance])
    await load.answers(1)
    await pause(Math.random() * 300)
    expect(await instance.end('SIGKILL')).toBe('SIGKILL')
    await load.stop()
    for (const [jti, name] of load.answered) answered.set(jti, name)
    await expectNothingLost(database, answered)
  }
  const { chains, entries } = await expectNothingLost(database, answered)
  expect(chains).toBe(ROUNDS)
  tell('SQLite', { kills: ROUNDS, tokens: answered.size, lost: 0, chains, entries })
})
