import Fastify, { type FastifyBaseLogger, type FastifyHttpOptions, type RawServerDefault } from 'fastify'
import type { Config } from './config.ts'
import type { App } from './http/app-type.ts'
import { answerBadHttp } from './http/bad-http.ts'
import { closeCalmly } from './http/closing.ts'
import { allowOrigins } from './http/cors.ts'
import { addAudit } from './http/audit.ts'
import { addDocs } from './http/docs.ts'
import { setHeaders } from './http/headers.ts'
import { addHealth } from './http/health.ts'
import { addInspect } from './http/inspect.ts'
import { addKeys } from './http/keys.ts'
import { limit } from './http/limits.ts'
import { logRequests, quiet } from './http/log.ts'
import { addMetrics } from './http/metrics.ts'
import { answerUnknown, decodableUrl } from './http/not-found.ts'
import { describe } from './http/openapi.ts'
import { handleErrors } from './http/problems.ts'
import { parseStrictJson } from './http/strict-json.ts'
import { addTokens, askingOf } from './http/tokens.ts'
import type { Parts } from './parts.ts'
import { displayName, isHttpsUrl } from './rules/user.ts'
import { exportAudit } from './service/export-audit.ts'
import { identify, type Presented } from './service/identify.ts'
import { inspectFor } from './service/inspect-token.ts'
import { issueToken, recordRefusal } from './service/issue-token.ts'
import { readAudit } from './service/read-audit.ts'
import { readinessOf } from './service/readiness.ts'

const BODY_LIMIT_BYTES = 16 * 1024

/** More than Node takes of a request line and headers together. */
const MAX_URL_CHARACTERS = 16 * 1024

/** A request has to be here whole within this time, its headers within half of it. */
const REQUEST_TIMEOUT_MS = 10_000

/** A client that takes nothing of its answer for this long is parted with: otherwise it could hold the connection for ever. */
const STALLED_TIMEOUT_MS = 30_000

/** Longer than the idle time of usual load balancers (60 s), so that they, not we, drop an idle connection. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000

/** Builds the application: what is added first, a request meets first. It does not listen yet. */
export async function buildApp(config: Config, parts: Parts, logger: FastifyBaseLogger): Promise<App> {
  const app: App = Fastify(serverOptions(config, parts, logger))
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    parseStrictJson(body),
  )

  logRequests(app)
  setHeaders(app)
  const accepting = closeCalmly(app)
  const limitCaller = await limit(app, parts.limiter, {
    perAddress: config.RATE_LIMIT_PER_ADDRESS,
    keysPerAddress: config.RATE_LIMIT_KEYS_PER_ADDRESS,
    perCaller: config.RATE_LIMIT_PER_CALLER,
    perUser: config.RATE_LIMIT_PER_USER,
  })
  await allowOrigins(app, config.CORS_ORIGINS)
  handleErrors(app, (request, code) =>
    request.caller === null ? Promise.resolve() : recordRefusal(parts, askingOf(request), code),
  )
  answerUnknown(app)

  await describe(app)
  addHealth(app, readinessOf({ ledger: parts.ledger, keys: parts.keys, clock: parts.clock, accepting }))
  addMetrics(app, parts.metrics)
  addKeys(app, parts.keys, config.KEYS_MAX_AGE_SECONDS)
  const door = {
    identify: (presented: Presented) => identify(parts, config.RATE_LIMIT_FAILED_LOGINS, presented),
    limitCaller,
  }
  addTokens(app, { ...door, issueToken: (asking, request) => issueToken(parts, asking, request) })
  addAudit(app, {
    ...door,
    readAudit: (asking, query) => readAudit(parts, asking, query),
    exportAudit: (asking, format, query) => exportAudit(parts, asking, format, query),
  })
  addInspect(app, { ...door, inspectToken: (asking, token) => inspectFor(parts, asking, token) })
  await addDocs(app)
  return app
}

function serverOptions(config: Config, { newId }: Parts, logger: FastifyBaseLogger) {
  return {
    loggerInstance: logger,
    logController: quiet,
    genReqId: newId,
    trustProxy: config.TRUST_PROXY.length > 0 ? [...config.TRUST_PROXY] : false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STALLED_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS / 2, connectionsCheckingInterval: 1000 },
    return503OnClosing: false,
    // Room for any name below /asap: a long one is not there either, and Fastify would answer it outside every hook.
    routerOptions: { maxParamLength: MAX_URL_CHARACTERS },
    rewriteUrl: ({ url = '/' }) => decodableUrl(url),
    clientErrorHandler: answerBadHttp(newId),
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
