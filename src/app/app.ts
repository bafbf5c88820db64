import Fastify, { type FastifyBaseLogger } from 'fastify'
import { createBearerCheck } from '../auth/metrics-token.ts'
import { type Config, metricsPortOf } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'
import { enableGracefulShutdown } from '../http/server/shutdown.ts'
import { addBasePath } from '../http/server/base-path.ts'
import { addCors } from '../http/server/cors.ts'
import { addAudit } from '../http/routes/audit.ts'
import { addDocsPage } from '../http/openapi/docs-page.ts'
import { findClientAddress } from '../http/server/client-address.ts'
import { refuseEarly } from '../http/server/load-shedding.ts'
import { addSecurityHeaders, checkExpectation, requireHost } from '../http/server/headers.ts'
import { addHealth } from '../http/routes/health.ts'
import { addInspect } from '../http/routes/inspect.ts'
import { addKeys } from '../http/routes/keys.ts'
import { addRateLimits } from '../http/server/limits.ts'
import { logRequests } from '../http/server/log.ts'
import { addMeetingConfig } from '../http/routes/meeting-config.ts'
import { addMetrics, countRequests } from '../http/routes/metrics.ts'
import { addPageConfig } from '../http/routes/page-config.ts'
import { addNotFound } from '../http/server/not-found.ts'
import { addOpenApi } from '../http/openapi/openapi.ts'
import { recordOrigin } from '../http/server/request-origin.ts'
import { shedLoad } from '../http/server/overload.ts'
import { handleErrors } from '../http/server/problems.ts'
import { readJsonBodies } from '../http/server/request-body.ts'
import { addTokens } from '../http/routes/tokens.ts'
import { checkOnBehalfOf, requesterOf } from '../http/server/requester.ts'
import type { Deps } from './compose.ts'
import { createPageConfig } from './page-config.ts'
import { serverOptions } from '../http/server/options.ts'
import { exportAudit } from '../service/audit/export.ts'
import { authenticateCaller, type PresentedCredential } from '../service/authenticate.ts'
import { inspectTokenForCaller } from '../service/tokens/inspect-token.ts'
import { issueToken } from '../service/tokens/issue-token.ts'
import { recordRefusal } from '../service/audit/record.ts'
import { readAudit } from '../service/audit/read.ts'
import { createReadinessCheck } from '../service/readiness.ts'
import { readMeetingConfig } from '../service/tokens/meeting-config.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { addConsultationRoutes, createOriginCheckOf } from './consultation-routes.ts'

/**
 * Builds the application, which does not listen yet. Hooks run in the order in which they are added here.
 * @param tracing traces requests; undefined if tracing is not configured
 * @returns the application; closing it does not close `deps`
 */
export async function buildApp(
  config: Config,
  deps: Deps,
  logger: FastifyBaseLogger,
  tracing?: Pick<Tracing, 'plugin' | 'traceIdOf'>,
): Promise<App> {
  const app: App = Fastify(serverOptions(deps.newId, logger, config.BASE_PATH))
  if (tracing !== undefined) await app.register(tracing.plugin)
  app.decorateRequest('caller', null)
  app.decorateRequest('problem', null)
  app.decorateRequest('rejectionReason', null)
  readJsonBodies(app)
  addBasePath(app, config.BASE_PATH)

  refuseEarly(app, deps.signing, deps.newId, (route, requests) => {
    deps.metrics.countEarlyRefusals(route, requests)
    logger.warn({ route, status: 503, code: 'overloaded', requests }, 'requests')
  })
  logRequests(app)
  countRequests(app, deps.metrics)
  addSecurityHeaders(app)
  requireHost(app)
  checkExpectation(app)
  const accepting = enableGracefulShutdown(app)
  findClientAddress(app, { trusted: config.TRUST_PROXY, header: config.FORWARDED_HEADER }, () =>
    deps.metrics.countUntrustedForwardedHeader(),
  )
  recordOrigin(app, config.AUDIT_ADDRESS, tracing?.traceIdOf)
  // Before the first route, which is that of preflights.
  handleErrors(app, (request, code) =>
    request.caller === null
      ? Promise.resolve()
      : recordRefusal(deps, requesterOf(request), code, {}, request.routeOptions.config.action),
  )
  // Before the limits, so that a page can read their refusals.
  await addCors(app, { isListed: createOriginCheckOf(config), allowsAny: config.CORS_ORIGINS.includes('*') })
  const limitCaller = await addRateLimits(app, deps.limiter, deps.limits)
  shedLoad(app, deps.signing)
  checkOnBehalfOf(app)
  addNotFound(app)

  await addRoutes(app, config, deps, { accepting, limitCaller })
  return app
}

type Ready = { accepting: () => boolean; limitCaller: Awaited<ReturnType<typeof addRateLimits>> }

async function addRoutes(app: App, config: Config, deps: Deps, { accepting, limitCaller }: Ready): Promise<void> {
  await addOpenApi(app)
  addHealth(app, createReadinessCheck({ ledger: deps.ledger, keys: deps.keys, clock: deps.clock, accepting }))
  if (metricsPortOf(config) === undefined) addMetrics(app, deps.metrics, createBearerCheck(config.METRICS_TOKEN))
  addKeys(app, deps.keys, config.KEYS_MAX_AGE_SECONDS)
  addPageConfig(app, createPageConfig(config))
  const guards = {
    identify: (presented: PresentedCredential) =>
      authenticateCaller(deps, deps.limits.failedLoginsPerMinute, presented),
    limitCaller,
  }
  addTokens(app, {
    ...guards,
    issueToken: (requester, request, isAborted) => issueToken(deps, requester, request, { isAborted }),
  })
  await addConsultationRoutes(app, config, deps, guards)
  addMeetingConfig(app, {
    ...guards,
    readMeetingConfig: (requester, query) => readMeetingConfig(deps, requester, query),
  })
  addAudit(app, {
    ...guards,
    readAudit: (requester, query) => readAudit(deps, requester, query),
    exportAudit: (requester, format, query) => exportAudit(deps, requester, format, query),
  })
  addInspect(app, { ...guards, inspectToken: (requester, request) => inspectTokenForCaller(deps, requester, request) })
  await addDocsPage(app)
}

/** Builds the application of the metrics port, which serves `/metrics` only. */
export function buildMetricsApp(config: Config, deps: Deps, logger: FastifyBaseLogger): App {
  const app: App = Fastify(serverOptions(deps.newId, logger))
  app.decorateRequest('problem', null)
  app.decorateRequest('rejectionReason', null)
  app.decorateRequest('caller', null)
  logRequests(app)
  addSecurityHeaders(app)
  requireHost(app)
  handleErrors(app, () => Promise.resolve())
  addNotFound(app)
  addMetrics(app, deps.metrics, createBearerCheck(config.METRICS_TOKEN))
  return app
}
