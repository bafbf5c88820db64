/** The variables that name the collector of the OpenTelemetry exporter. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']

/** Whether the environment names a collector for traces. Without one, no OpenTelemetry package is loaded. */
export const isTracingConfigured = (env: NodeJS.ProcessEnv): boolean =>
  env['OTEL_SDK_DISABLED'] !== 'true' && ENDPOINTS.some((name) => (env[name] ?? '') !== '')
