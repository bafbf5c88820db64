import type { FastifyBaseLogger, FastifyHttpOptions, RawServerDefault } from 'fastify'
import { createClientErrorHandler } from './client-error.ts'
import { MAX_HEADER_BYTES } from './headers.ts'
import { noRequestLogs } from './log.ts'
import { schemaCompilers } from './schema-compilers.ts'
import { removeBasePath } from './base-path.ts'
import { toDecodableUrl } from './not-found.ts'
import { displayName, isHttpsUrl } from '../../rules/person.ts'
import type { NewId } from '../../service/ports.ts'

const BODY_LIMIT_BYTES = 16 * 1024

/** As long as request line and headers together. */
const MAX_URL_CHARACTERS = MAX_HEADER_BYTES

/** The time within which a whole request must arrive; its headers have half of it. */
const REQUEST_TIMEOUT_MS = 10_000

/**
 * The idle time after which a connection is closed; otherwise a client that reads nothing could keep it open forever.
 */
const STALLED_TIMEOUT_MS = 30_000

/**
 * Longer than the idle timeout of common load balancers (60 s), so that they close an idle connection and not the
 * service.
 */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

/**
 * Creates the options of the Fastify instance.
 * @param basePath the path under which a proxy publishes it; empty for none
 */
export function serverOptions(newId: NewId, logger: FastifyBaseLogger, basePath = '') {
  return {
    loggerInstance: logger,
    logController: noRequestLogs,
    // With one log line per request, a child logger per request serves no purpose.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    // A request id of a client is not unique, so it only accompanies the id of the service (see request-origin.ts).
    genReqId: newId,
    // The client address comes from client-address.ts. With this option, Fastify would also trust X-Forwarded-Host.
    trustProxy: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STALLED_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      // requireHost answers with a problem document instead.
      requireHostHeader: false,
      headersTimeout: REQUEST_TIMEOUT_MS / 2,
      connectionsCheckingInterval: 1000,
    },
    return503OnClosing: false,
    // Accepts any name under /asap: Fastify answers a longer parameter without running any hook.
    routerOptions: { maxParamLength: MAX_URL_CHARACTERS },
    rewriteUrl: ({ url = '/' }) => removeBasePath(toDecodableUrl(url), basePath),
    clientErrorHandler: createClientErrorHandler(newId),
    schemaController: { compilersFactory: schemaCompilers },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        verbose: true,
        formats: { 'display-name': (text: string) => displayName(text) !== undefined, 'https-url': isHttpsUrl },
      },
    },
  } satisfies FastifyHttpOptions<RawServerDefault>
}
