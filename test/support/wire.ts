import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A wire to a server that can be cut, left hanging, and mended.
 * @param url where the server is
 */
export async function wireTo(url: string) {
  let state: 'open' | 'hanging' | 'cut' = 'open'
  const sockets = new Set<Socket>()
  const target = new URL(url)
  const server: Server = createServer((socket) => {
    if (state === 'cut') {
      socket.destroy()
      return
    }
    const upstream = connect(Number(target.port), target.hostname)
    for (const each of [socket, upstream]) {
      sockets.add(each)
      each.on('error', () => undefined)
      each.on('close', () => sockets.delete(each))
    }
    socket.on('data', (data) => state === 'open' && upstream.write(data))
    upstream.on('data', (data) => state === 'open' && socket.write(data))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as { port: number }).port}`,
    set(next: typeof state) {
      state = next
      // What hung does not speak again when the wire is mended: its bytes are gone.
      if (next !== 'hanging') for (const socket of sockets) socket.destroy()
    },
  }
}
