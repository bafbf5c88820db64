import type { FastifyRequest } from 'fastify'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import { recordedNetworkOf, unmapped } from './client-address.ts'
import type { App } from './app-type.ts'

/** What is kept of an address: all of it, its network, or nothing. */
export type AddressPrecision = 'full' | 'network' | 'none'

/**
 * W3C Trace Context, section 3.2: version, trace id, parent id, flags; a later version may say more behind them. Ids of
 * zeros alone, and version ff, are none.
 */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})(?<traceId>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** Tells which trace a request belongs to, if any. */
export type TraceIdOf = (request: FastifyRequest) => string | undefined

const traceIdIn: TraceIdOf = ({ headers: { traceparent } }) =>
  typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.groups?.['traceId'] : undefined

/** Notes of each request what the record says of where it came from. */
export function recordOrigin(app: App, kept: AddressPrecision, traceIdOf: TraceIdOf = traceIdIn): void {
  app.decorateRequest('origin', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const traceId = traceIdOf(request)
    const address = recordedAddress(request.ip, kept)
    request.origin = {
      requestId: request.id,
      ...(traceId === undefined ? {} : { traceId }),
      ...(address === undefined ? {} : { address }),
    }
    done()
  })
}

const recordedAddress = (address: string, kept: AddressPrecision): string | undefined =>
  ({ full: () => unmapped(address), network: () => recordedNetworkOf(address), none: () => undefined })[kept]()

/** @returns where a request came from, for the record */
export const originOf = (request: FastifyRequest): Origin => request.origin ?? { requestId: request.id }
