import type { FastifyRequest } from 'fastify'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import { recordedNetworkOf } from '../../rules/client-network.ts'
import type { App } from './app-type.ts'
import { clientRequestIdOf } from './headers.ts'

/** How much of a client address is recorded: all of it, its network, or nothing. */
export type AddressPrecision = 'full' | 'network' | 'none'

/**
 * W3C Trace Context, section 3.2: version, trace id, parent id and flags; later versions may append fields. Ids of only
 * zeros and version ff are invalid.
 */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})(?<traceId>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** @returns the id of the trace that a request belongs to, if any */
export type TraceIdOf = (request: FastifyRequest) => string | undefined

const traceIdIn: TraceIdOf = ({ headers: { traceparent } }) =>
  typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.groups?.['traceId'] : undefined

/** Sets `request.origin`, the request ids, trace id and client address that the audit record contains. */
export function recordOrigin(app: App, precision: AddressPrecision, traceIdOf: TraceIdOf = traceIdIn): void {
  app.decorateRequest('origin', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const traceId = traceIdOf(request)
    const clientRequestId = clientRequestIdOf(request.headers['x-request-id'])
    const address = toRecordedAddress(request.clientAddress, precision)
    request.origin = {
      requestId: request.id,
      ...(clientRequestId === undefined ? {} : { clientRequestId }),
      ...(traceId === undefined ? {} : { traceId }),
      ...(address === undefined ? {} : { address }),
    }
    done()
  })
}

const toRecordedAddress = (address: string, precision: AddressPrecision): string | undefined =>
  ({ full: () => address || undefined, network: () => recordedNetworkOf(address), none: () => undefined })[precision]()

/** @returns the origin of a request for the audit record */
export const originOf = (request: FastifyRequest): Origin => request.origin ?? { requestId: request.id }
