// Imported first: it sets the size of the thread pool, which must happen before the pool is used.
import { yieldToEventLoop } from './app/thread-pool.ts'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { buildApp, buildMetricsApp } from './app/app.ts'
import { ConfigurationError, metricsPortOf, readConfig } from './config/config.ts'
import { createExampleLinks, developmentNotice } from './app/development.ts'
import { listen } from './app/listen.ts'
import { isTracingConfigured } from './telemetry/otel-env.ts'
import { compose } from './app/compose.ts'

const { config, errors, warnings } = readConfig(process.env)
const logger = pino({ level: config.LOG_LEVEL })
let closeOpened = (): Promise<unknown> => Promise.resolve()

try {
  for (const warning of warnings) logger.warn(warning)
  const opened = await compose(config, logger, errors)
  closeOpened = opened.close
  const tracing = isTracingConfigured(process.env) ? (await import('./telemetry/tracing.ts')).startTracing() : undefined
  const deps = { ...opened, trace: tracing?.trace ?? opened.trace }
  const app = await buildApp(config, deps, logger, tracing)
  const metricsPort = metricsPortOf(config)
  const metricsApp = metricsPort === undefined ? undefined : buildMetricsApp(config, deps, logger)
  app.addHook('onClose', async () => {
    await metricsApp?.close()
    await deps.close()
    await tracing?.end()
  })
  closeOpened = () => app.close()
  const { HOST: host, PORT: port } = config
  const address = await listen(app, { host, port, portSetting: 'PORT' }, logger)
  deps.metrics.watchProcess()
  if (metricsApp !== undefined && metricsPort !== undefined)
    await listen(metricsApp, { host, port: metricsPort, portSetting: 'METRICS_PORT' }, logger)
  closeWithGrace({ delay: config.SHUTDOWN_SECONDS * 1000, logger, skip: ['SIGHUP'] }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'closing after an uncaught error')
    else logger.info({ signal }, 'closing')
    await app.close()
  })
  deps.maintenance.retainDaily(() => ({ requestId: deps.newId(), caller: '-' }))
  process.on('SIGHUP', () => void deps.reload())
  const about = { node: process.version, openssl: process.versions.openssl, keyId: deps.keys.signer().keyId }
  logger.info({ ...about, signingThreads: yieldToEventLoop() }, 'ready')
  if (deps.development !== undefined) {
    const links = await createExampleLinks(app, config, deps.development)
    process.stdout.write(developmentNotice(address, deps.development, links))
  }
} catch (error) {
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`)
  else logger.fatal({ err: error }, 'cannot start')
  process.exitCode = 1
  await closeOpened().catch((err: unknown) => logger.error({ err }, 'cannot close what was opened'))
}
