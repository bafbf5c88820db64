import type { FastifyBaseLogger, FastifyHttpOptions, RawServerDefault } from 'fastify'
import { createClientErrorHandler } from './client-error.ts'
import { requestIdOf } from './headers.ts'
import { noRequestLogs } from './log.ts'
import { schemaCompilers } from './schema-compilers.ts'
import { decodableUrl } from './not-found.ts'
import { displayName, isHttpsUrl } from '../../rules/person.ts'
import type { NewId } from '../../service/ports.ts'

const BODY_LIMIT_BYTES = 16 * 1024

/** More than Node takes of a request line and headers together. */
const MAX_URL_CHARACTERS = 16 * 1024

/** A request has to be here whole within this time, its headers within half of it. */
const REQUEST_TIMEOUT_MS = 10_000

/** A client that takes nothing of its answer for this long is parted with: otherwise it could hold the connection for ever. */
const STALLED_TIMEOUT_MS = 30_000

/** Longer than the idle time of usual load balancers (60 s), so that they, not we, drop an idle connection. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

/**
 * The options of the Fastify instance.
 * @param trustedProxies addresses and CIDR ranges whose `X-Forwarded-For` is believed
 */
export function serverOptions(trustedProxies: readonly string[], newId: NewId, logger: FastifyBaseLogger) {
  return {
    loggerInstance: logger,
    logController: noRequestLogs,
    // One line a request needs no logger of its own for each.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']) ?? newId(),
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STALLED_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS / 2, connectionsCheckingInterval: 1000 },
    return503OnClosing: false,
    // Room for any name below /asap: a long one is not there either, and Fastify would answer it outside every hook.
    routerOptions: { maxParamLength: MAX_URL_CHARACTERS },
    rewriteUrl: ({ url = '/' }) => decodableUrl(url),
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
