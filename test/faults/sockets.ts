import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A connection that sends what the test wants, and nothing else. */
export type Peer = {
  socket: Socket
  /** Everything that came, as text. */
  received: string
  /** Resolves once the other side closed, or broke off. */
  closed: Promise<void>
}

/** Opens connections to a service, as many as asked for; those that are refused are closed at once. */
export async function openSockets(port: number, count: number): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, () => openSocket(port)))
}

async function openSocket(port: number): Promise<Peer> {
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const peer: Peer = { socket, received: '', closed }
  socket.on('data', (data) => (peer.received += data.toString('latin1')))
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed])
  return peer
}

/** The status of an answer; 0 where the connection was closed without one. */
export const statusIn = (received: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 0)
