import { execFileSync } from 'node:child_process'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { livez, expectReadyz, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { METRICS_TOKEN } from '../support/process.ts'
import { startLoad } from './load.ts'
import { descriptorsOf, lacking, openDir, pause, PATIENT_POLL, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { openSockets } from './sockets.ts'

const LACKING = lacking('prlimit')
const SPARE = 40

it.skipIf(LACKING !== '')(
  `out of file descriptors: who is connected goes on, who comes is refused, and it recovers by itself${LACKING}`,
  async () => {
    const database = `sqlite:${join(openDir(), 'service.db')}`
    const instance = await startInstance('one', { DATABASE_URL: database })
    const connected = await stayConnected(instance.port)
    const load = startLoad([instance])
    await load.answers(50)
    const most = descriptorsOf(instance.pid()) + SPARE
    execFileSync('prlimit', ['--pid', String(instance.pid()), `--nofile=${most}:${most}`])

    // Nobody of these says a word; the service parts with them within seconds, so they come again and again.
    const crowd = { over: false, refused: 0 }
    const coming = Array.from({ length: 2 * SPARE }, () => comeAgain(instance.port, crowd))
    await expect.poll(() => descriptorsOf(instance.pid()), PATIENT_POLL).toBeGreaterThanOrEqual(most - 1)
    await expect.poll(() => crowd.refused, PATIENT_POLL).toBeGreaterThan(2 * SPARE)
    for (const path of ['/livez', '/readyz', '/metrics'])
      expect([path, await connected(path)]).toStrictEqual([path, 200])
    await load.answers(50)

    crowd.over = true
    await Promise.all(coming)
    await expect.poll(() => livez([instance]), PATIENT_POLL).toStrictEqual([200])
    await expectReadyz([instance], 200)
    await load.answers(50)
    await load.stop()
    // Whoever of the load had no connection yet was refused one; nobody was told anything wrong.
    expect([...load.refused.keys()].filter((code) => code !== 'unreachable')).toStrictEqual([])
    await expectLimitsHold([instance])
    const { entries } = await expectNothingLost(database, load.answered)
    const { refused } = crowd
    tell('out of descriptors', { limit: most, 'connections refused': refused, tokens: load.answered.size, entries })
  },
)

/** Opens one connection and keeps it. @returns asks over it for the status of a path */
async function stayConnected(port: number): Promise<(path: string) => Promise<number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  let connections = 0
  const ask = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
      const asked = get({ agent, host: '127.0.0.1', port, path, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
      asked.on('socket', () => (connections += Number(!asked.reusedSocket)))
      asked.on('error', reject)
    })
  expect(await ask('/livez')).toBe(200)
  return async (path) => {
    const status = await ask(path)
    expect(connections).toBe(1)
    return status
  }
}

/** Somebody who opens a connection, says nothing, and comes again when the service parts with it. */
async function comeAgain(port: number, crowd: { over: boolean; refused: number }): Promise<void> {
  while (!crowd.over) {
    if (await isRefused(port)) crowd.refused += 1
    await pause(50)
  }
}

/** Whether a new connection is closed without a word. */
async function isRefused(port: number): Promise<boolean> {
  const [peer] = await openSockets(port, 1)
  await peer?.closed
  return peer?.received === ''
}
