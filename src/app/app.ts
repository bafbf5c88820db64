import Fastify, { type FastifyBaseLogger } from 'fastify'
import { bearerCheck } from '../auth/metrics-token.ts'
import type { Config } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'
import { closeCalmly } from '../http/server/shutdown.ts'
import { allowOrigins } from '../http/server/cors.ts'
import { addAudit } from '../http/routes/audit.ts'
import { addDocs } from '../http/server/docs.ts'
import { refuseAtDoor } from '../http/server/load-shedding.ts'
import { setHeaders } from '../http/server/headers.ts'
import { addHealth } from '../http/routes/health.ts'
import { addInspect } from '../http/routes/inspect.ts'
import { addKeys } from '../http/routes/keys.ts'
import { limit } from '../http/server/limits.ts'
import { logRequests } from '../http/server/log.ts'
import { addMeetingConfig } from '../http/routes/meeting-config.ts'
import { addMetrics, countRequests } from '../http/routes/metrics.ts'
import { answerUnknown } from '../http/server/not-found.ts'
import { describe } from '../http/server/openapi.ts'
import { noteOrigin } from '../http/server/request-origin.ts'
import { refuseOverload } from '../http/server/overload.ts'
import { handleErrors } from '../http/server/problems.ts'
import { parseStrictJson } from '../http/server/strict-json.ts'
import { addTokens, TOKEN_PATH } from '../http/routes/tokens.ts'
import { askingOf } from '../http/server/requester.ts'
import type { Parts } from './compose.ts'
import { serverOptions } from '../http/server/options.ts'
import { exportAudit } from '../service/audit/export.ts'
import { identify, type Presented } from '../service/authenticate.ts'
import { inspectFor } from '../service/tokens/inspect-token.ts'
import { issueToken } from '../service/tokens/issue-token.ts'
import { recordRefusal } from '../service/audit/record.ts'
import { readAudit } from '../service/audit/read.ts'
import { readinessOf } from '../service/readiness.ts'
import { tellMeetingConfig } from '../service/tokens/meeting-config.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { addVisits } from './consultation-routes.ts'

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
  const app: App = Fastify(serverOptions(config.TRUST_PROXY, parts.newId, logger))
  if (tracing !== undefined) await app.register(tracing.plugin)
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    parseStrictJson(body),
  )

  refuseAtDoor(app, TOKEN_PATH, parts.signing, parts.newId, (refused) => {
    parts.metrics.refusedEarly(TOKEN_PATH, refused)
    logger.warn({ route: TOKEN_PATH, status: 503, code: 'overloaded', requests: refused }, 'requests')
  })
  logRequests(app)
  countRequests(app, parts.metrics)
  setHeaders(app)
  const accepting = closeCalmly(app)
  noteOrigin(app, config.AUDIT_ADDRESS, tracing?.traceIdOf)
  const limitCaller = await limit(app, parts.limiter, {
    perAddress: config.RATE_LIMIT_PER_ADDRESS,
    keysPerAddress: config.RATE_LIMIT_KEYS_PER_ADDRESS,
    perCaller: config.RATE_LIMIT_PER_CALLER,
    perUser: config.RATE_LIMIT_PER_USER,
  })
  await allowOrigins(app, config.CORS_ORIGINS)
  refuseOverload(app, parts.signing)
  handleErrors(app, (request, code) =>
    request.caller === null
      ? Promise.resolve()
      : recordRefusal(parts, askingOf(request), code, {}, request.routeOptions.config.action),
  )
  answerUnknown(app)

  await addRoutes(app, config, parts, { accepting, limitCaller })
  return app
}

type Ready = { accepting: () => boolean; limitCaller: Awaited<ReturnType<typeof limit>> }

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
  await addVisits(app, config, parts, door)
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
  const app: App = Fastify(serverOptions(config.TRUST_PROXY, parts.newId, logger))
  app.decorateRequest('problem', null)
  app.decorateRequest('caller', null)
  logRequests(app)
  setHeaders(app)
  handleErrors(app, () => Promise.resolve())
  answerUnknown(app)
  addMetrics(app, parts.metrics, bearerCheck(config.METRICS_TOKEN))
  return app
}
