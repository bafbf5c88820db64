import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Service } from '../kit.ts'

async function openServer() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** Takes a port until the test is over. @returns its number */
export async function takePort(): Promise<number> {
  const { server, port } = await openServer()
  onTestFinished(() => void server.close())
  return port
}

/** @returns a port that nobody listens on */
export async function freePort(): Promise<number> {
  const { server, port } = await openServer()
  server.close()
  await once(server, 'close')
  return port
}

/** Makes a service listen on a free port. @returns the port */
export async function listenOnFreePort({ app }: Pick<Service, 'app'>): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
