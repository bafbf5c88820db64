import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CLINIC, DOCTOR } from '../kit.ts'
import { wireTo } from '../support/wire.ts'
import { livez, expectReadyz, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { startLoad } from './load.ts'
import { openDir, PATIENT_POLL, residentMiB, socketsOf, tell } from './machine.ts'
import { expectNothingLost, expectVerified } from './record.ts'
import { openSockets, type Peer, statusIn } from './sockets.ts'

const IDLE = 10_000

/** How many files this process, and whatever it starts, may have open. */
const MOST_FILES = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])
const LACKING = MOST_FILES < IDLE + 1000 ? ` (skipped: only ${MOST_FILES} open files are allowed here)` : ''

/** A file of a megabyte and a half, so often that no buffer on the way holds it all. */
const ASK_FOR_MUCH = 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10)

const ASK = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'

/** Sends bytes over each connection and waits until each has an answer. */
async function ask(peers: readonly Peer[], text: string): Promise<void> {
  for (const { socket } of peers) socket.write(text)
  await expect.poll(() => peers.filter(({ received }) => received === '').length, PATIENT_POLL).toBe(0)
}

it.skipIf(LACKING !== '')(
  `10,000 idle keep-alive connections take nothing from anybody else, and are let go when their peers go${LACKING}`,
  async () => {
    const database = `sqlite:${join(openDir(), 'service.db')}`
    const instance = await startInstance('one', { DATABASE_URL: database })
    const load = startLoad([instance], 4)
    await load.answers(50)
    const [before, residentBefore] = [socketsOf(instance.pid()), residentMiB(instance.pid())]
    const idle: Peer[] = []
    while (idle.length < IDLE) {
      const more = await openSockets(instance.port, 500)
      await ask(more, ASK)
      idle.push(...more)
    }
    expect(idle.map(({ received }) => statusIn(received)).filter((status) => status !== 200)).toStrictEqual([])
    expect(socketsOf(instance.pid())).toBeGreaterThanOrEqual(IDLE)
    const resident = residentMiB(instance.pid())
    await load.answers(50)
    await expectReadyz([instance], 200)
    // They may still ask.
    const some = idle.filter((_, index) => index % 100 === 0)
    for (const peer of some) peer.received = ''
    await ask(some, ASK)

    for (const { socket } of idle) socket.destroy()
    await expect.poll(() => socketsOf(instance.pid()), PATIENT_POLL).toBeLessThan(before + 20)
    await load.stop()
    expect([...load.refused]).toStrictEqual([])
    await expectLimitsHold([instance])
    await expectNothingLost(database, load.answered)
    const memory = { 'resident MiB before': residentBefore, with: resident }
    tell('idle connections', { open: idle.length, ...memory, tokens: load.answered.size, refused: 0 })
  },
)

it('peers that vanish without a word, before, in and after a request or in an answer: the service lets go of all of them by itself', async () => {
  const database = `sqlite:${join(openDir(), 'service.db')}`
  const instance = await startInstance('one', { DATABASE_URL: database })
  const before = socketsOf(instance.pid())
  const wire = await wireTo(instance.url)
  const head = `POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLINIC.apiKey}\r\n`
  const body = JSON.stringify(DOCTOR)
  const whole = `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const port = Number(new URL(wire.url).port)
  const halves = ['', head, whole + body.slice(0, 20), whole + body]
  const peers = await openSockets(port, 100 * halves.length)
  await expect.poll(() => socketsOf(instance.pid()), PATIENT_POLL).toBeGreaterThanOrEqual(before + peers.length)
  for (const [index, { socket }] of peers.entries()) socket.write(halves[index % halves.length] ?? '')
  const answered = peers.filter((_, index) => index % halves.length === halves.length - 1)
  await expect.poll(() => answered.every(({ received }) => received !== ''), PATIENT_POLL).toBe(true)
  // From here on nothing passes, in either direction, and nobody closes.
  wire.set('hanging')
  for (const { socket } of await openSockets(instance.port, 50)) {
    socket.pause()
    socket.write(ASK_FOR_MUCH)
  }
  const open = socketsOf(instance.pid()) - before
  await expect.poll(() => socketsOf(instance.pid()), { ...PATIENT_POLL, timeout: 180_000 }).toBeLessThanOrEqual(before)
  expect(await livez([instance])).toStrictEqual([200])
  await expectLimitsHold([instance])
  const { entries } = await expectVerified(database)
  tell('half-open connections', { open, left: 0, entries })
})
