import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CLINIC } from '../kit.ts'
import { expectReadyz, startInstance } from './fleet.ts'
import { expectLimitsHold } from './limits.ts'
import { startLoad } from './load.ts'
import { openDir, residentMiB, tell } from './machine.ts'
import { expectNothingLost } from './record.ts'
import { openSockets, statusIn } from './sockets.ts'

const BODY_BYTES = 1024 ** 3
const CHUNK = Buffer.alloc(64 * 1024, ' ')

const head = (headers: string) =>
  `POST /api/jitsi/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`
const known = `Authorization: Bearer ${CLINIC.apiKey}\r\n`
const announced = `Content-Length: ${BODY_BYTES}`

/** Announces a body, and sends none of it before the service says something. */
async function announceBody(port: number): Promise<number> {
  const [peer] = await openSockets(port, 1)
  peer?.socket.write(head(`${known}${announced}`))
  await peer?.closed
  return statusIn(peer?.received ?? '')
}

/** Sends a body until it is through or the other side closes. @returns the status, and how much was sent, in MiB */
async function sendBody(port: number, headers: string): Promise<{ status: number; sentMiB: number }> {
  const [peer] = await openSockets(port, 1)
  if (peer === undefined) throw new Error('no connection')
  const { socket, closed } = peer
  const isChunked = headers.includes('chunked')
  const frame = isChunked ? Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')]) : CHUNK
  socket.write(head(headers))
  let sent = 0
  while (sent < BODY_BYTES && !socket.destroyed) {
    sent += CHUNK.length
    if (!socket.write(frame)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  }
  if (isChunked && !socket.destroyed) socket.write('0\r\n\r\n')
  socket.end()
  await closed
  return { status: statusIn(peer.received), sentMiB: Math.round(sent / 1024 ** 2) }
}

it('a body of a gigabyte, announced or in chunks, is refused with 413, and none of it is kept', async () => {
  const database = `sqlite:${join(openDir(), 'service.db')}`
  const instance = await startInstance('one', { DATABASE_URL: database })
  const load = startLoad([instance], 2)
  await load.answers(200)
  const before = residentMiB(instance.pid())
  let most = before
  const watching = setInterval(() => (most = Math.max(most, residentMiB(instance.pid()))), 20)
  expect(await announceBody(instance.port)).toBe(413)
  const large = await sendBody(instance.port, `${known}${announced}`)
  const chunked = await sendBody(instance.port, `${known}Transfer-Encoding: chunked`)
  const unknown = await sendBody(instance.port, announced)
  clearInterval(watching)
  await load.answers(50)
  await load.stop()
  const taken = [large, chunked, unknown].map(({ status, sentMiB }) => `${sentMiB} (status ${status})`).join(', ')
  tell('1 GiB bodies', { 'MiB taken': taken, 'resident MiB before': before, most })
  for (const { status, sentMiB } of [large, chunked]) {
    // Whoever still sends while it is refused may see the connection break before the answer (RFC 9112, section 9.6).
    expect([413, 0]).toContain(status)
    expect(sentMiB).toBeLessThan(64)
  }
  expect(unknown.status).toBe(401)
  expect(most - before).toBeLessThan(128)
  expect([...load.refused]).toStrictEqual([])
  await expectReadyz([instance], 200)
  await expectLimitsHold([instance])
  await expectNothingLost(database, load.answered)
})
