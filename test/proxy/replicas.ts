import type { AddressInfo } from 'node:net'
import type { Visits } from '../support/consultations.ts'

/** Makes a service listen on a free port. @returns the port */
export async function listenOnFreePort({ app }: Visits): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
