import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CLINIC } from '../kit.ts'
import { probe, expectReadyz, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { startLoad } from './load.ts'
import { openDir, pause, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { openSockets, type Peer, statusIn } from './sockets.ts'

const CLIENTS = 500

const HEAD = `POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLINIC.apiKey}\r\n`
const HEAD_WITH_BODY = `${HEAD}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n`

/** Sends one byte a second until the other side has had enough: half of the clients of the head, half of the body. */
async function dribble({ socket }: Peer, index: number): Promise<void> {
  const text = index % 2 === 0 ? HEAD : ' '.repeat(1000)
  if (index % 2 === 1) socket.write(HEAD_WITH_BODY)
  for (const byte of text) {
    if (socket.destroyed || socket.readableEnded) return
    socket.write(byte)
    await pause(1000)
  }
}

it('500 clients that send a byte a second: they are cut off with 408, and all others are served meanwhile', async () => {
  const database = `sqlite:${join(openDir(), 'service.db')}`
  const instance = await startInstance('one', { DATABASE_URL: database })
  const load = startLoad([instance])
  const slow = await openSockets(instance.port, CLIENTS)
  const dribbling = slow.map(dribble)
  await load.answers(100)
  expect(slow.filter(({ socket }) => !socket.readableEnded)).toHaveLength(CLIENTS)
  expect(await probe(instance, '/livez')).toBe(200)
  await expectReadyz([instance], 200)
  await Promise.all(slow.map(({ closed }) => closed))
  await Promise.all(dribbling)
  await load.answers(100)
  await load.stop()
  const statuses = Map.groupBy(slow, ({ received }) => statusIn(received))
  expect([...statuses.keys()]).toStrictEqual([408])
  expect([...load.refused]).toStrictEqual([])
  await expectLimitsHold([instance])
  const { entries } = await expectNothingLost(database, load.answered)
  tell('slow clients', {
    'cut off with 408': statuses.get(408)?.length,
    tokens: load.answered.size,
    refused: 0,
    entries,
  })
})
