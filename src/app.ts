import Fastify, { type FastifyBaseLogger } from 'fastify'
import { bearerCheck } from './callers/bearer-token.ts'
import type { Config } from './config.ts'
import type { App } from './http/app-type.ts'
import { closeCalmly } from './http/closing.ts'
import { allowOrigins } from './http/cors.ts'
import { addAudit } from './http/audit.ts'
import { addDocs } from './http/docs.ts'
import { refuseAtDoor } from './http/door.ts'
import { setHeaders } from './http/headers.ts'
import { addHealth } from './http/health.ts'
import { addInspect } from './http/inspect.ts'
import { addKeys } from './http/keys.ts'
import { limit } from './http/limits.ts'
import { logRequests } from './http/log.ts'
import { addMeetingConfig } from './http/meeting-config.ts'
import { addMetrics, countRequests } from './http/metrics-route.ts'
import { answerUnknown } from './http/not-found.ts'
import { describe } from './http/openapi.ts'
import { noteOrigin } from './http/origin.ts'
import { refuseOverload } from './http/overload.ts'
import { handleErrors } from './http/problems.ts'
import { parseStrictJson } from './http/strict-json.ts'
import { addTokens, askingOf, TOKEN_PATH } from './http/tokens.ts'
import type { Parts } from './parts.ts'
import { serverOptions } from './server-options.ts'
import { exportAudit } from './service/export-audit.ts'
import { identify, type Presented } from './service/identify.ts'
import { inspectFor } from './service/inspect-token.ts'
import { issueToken, recordRefusal } from './service/issue-token.ts'
import { readAudit } from './service/read-audit.ts'
import { readinessOf } from './service/readiness.ts'
import { tellMeetingConfig } from './service/tell-meeting-config.ts'
import type { Tracing } from './tracing.ts'

/**
 * Builds the application: what is added first, a request meets first. It does not listen yet.
 * @param tracing traces requests, where somebody wants that
 */
export async function buildApp(
  config: Config,
  parts: Parts,
  logger: FastifyBaseLogger,
  tracing?: Pick<Tracing, 'plugin' | 'traceIdOf'>,
): Promise<App> {
  const app: App = Fastify(serverOptions(config, parts.newId, logger))
  if (tracing !== undefined) await app.register(tracing.plugin)
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    parseStrictJson(body),
  )

  refuseAtDoor(app, TOKEN_PATH, parts.signing, parts.newId, (refused) => {
    parts.metrics.refusedAtDoor(TOKEN_PATH, refused)
    logger.warn({ route: TOKEN_PATH, status: 503, code: 'overloaded', requests: refused }, 'requests')
  })
  logRequests(app)
  countRequests(app, parts.metrics)
  setHeaders(app)
  const accepting = closeCalmly(app)
  noteOrigin(app, config.AUDIT_ADDRESS, tracing?.traceIdOf)
  const limitCaller = limit(app, parts.limiter, {
    perAddress: config.RATE_LIMIT_PER_ADDRESS,
    keysPerAddress: config.RATE_LIMIT_KEYS_PER_ADDRESS,
    perCaller: config.RATE_LIMIT_PER_CALLER,
    perUser: config.RATE_LIMIT_PER_USER,
  })
  await allowOrigins(app, config.CORS_ORIGINS)
  refuseOverload(app, parts.signing)
  handleErrors(app, (request, code) =>
    request.caller === null ? Promise.resolve() : recordRefusal(parts, askingOf(request), code),
  )
  answerUnknown(app)

  await addRoutes(app, config, parts, { accepting, limitCaller })
  return app
}

type Ready = { accepting: () => boolean; limitCaller: ReturnType<typeof limit> }

async function addRoutes(app: App, config: Config, parts: Parts, { accepting, limitCaller }: Ready): Promise<void> {
  await describe(app)
  addHealth(app, readinessOf({ ledger: parts.ledger, keys: parts.keys, clock: parts.clock, accepting }))
  if (config.METRICS_PORT === undefined) addMetrics(app, parts.metrics, bearerCheck(config.METRICS_TOKEN))
  addKeys(app, parts.keys, config.KEYS_MAX_AGE_SECONDS)
  const door = {
    identify: (presented: Presented) => identify(parts, config.RATE_LIMIT_FAILED_LOGINS, presented),
    limitCaller,
  }
  addTokens(app, { ...door, issueToken: (asking, request, gone) => issueToken(parts, asking, request, gone) })
  addMeetingConfig(app, { ...door, tellMeetingConfig: (asking, query) => tellMeetingConfig(parts, asking, query) })
  addAudit(app, {
    ...door,
    readAudit: (asking, query) => readAudit(parts, asking, query),
    exportAudit: (asking, format, query) => exportAudit(parts, asking, format, query),
  })
  addInspect(app, { ...door, inspectToken: (asking, token) => inspectFor(parts, asking, token) })
  await addDocs(app)
}

/** Builds the application of a port that only the metrics are at. */
export function buildMetricsApp(config: Config, parts: Parts, logger: FastifyBaseLogger): App {
  const app: App = Fastify(serverOptions(config, parts.newId, logger))
  app.decorateRequest('problem', null)
  app.decorateRequest('caller', null)
  logRequests(app)
  setHeaders(app)
  handleErrors(app, () => Promise.resolve())
  answerUnknown(app)
  addMetrics(app, parts.metrics, bearerCheck(config.METRICS_TOKEN))
  return app
}
