/** Where OpenTelemetry's exporter finds its collector. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']

/** Whether the environment names a collector for traces; without one nothing of OpenTelemetry is loaded. */
export const isTracingConfigured = (env: NodeJS.ProcessEnv): boolean =>
  env['OTEL_SDK_DISABLED'] !== 'true' && ENDPOINTS.some((name) => (env[name] ?? '') !== '')
