import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, propagation, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import type { Trace } from '../service/ports.ts'

/** Traces of requests, sent to a collector. */
export type Tracing = {
  /** Begins a span for each request; to be registered before all hooks. */
  plugin: FastifyPluginCallback
  trace: Trace
  /** The id of the trace that a request belongs to; undefined where none is kept of it. */
  traceIdOf(request: FastifyRequest): string | undefined
  /** Sends what is left. */
  end(): Promise<void>
}

const NAME = 'jitsi-token-service'

/** What comes every few seconds and says nothing. */
const UNTRACED = new Set(['/livez', '/readyz', '/metrics'])

/**
 * Starts tracing with W3C context: whether a request is sampled its caller decides. The exporter reads its own settings,
 * `OTEL_*`. No span holds a path, a query, a name or the text of an error.
 */
export function startTracing(): Tracing {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': NAME }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const instrumentation = new FastifyOtelInstrumentation({
    registerOnInitialization: false,
    instrumentHooks: false,
    recordExceptions: false,
    ignorePaths: ({ url }) => UNTRACED.has(url),
    // Instead of the path, in which anything may stand.
    requestHook: (span, { routeOptions }) => void span.setAttribute('url.path', routeOptions.url ?? 'none'),
  })
  instrumentation.setTracerProvider(provider)
  const tracer = provider.getTracer(NAME)
  return {
    plugin: instrumentation.plugin(),
    trace: (name, work) => tracer.startActiveSpan(name, (span) => spanned(span, work)),
    traceIdOf: (request) => request.opentelemetry().span?.spanContext().traceId,
    end: () => provider.shutdown(),
  }
}

/** Ends a span with the work that it is about, whether that waits or not. */
function spanned<T>(span: Span, work: () => T): T {
  const failed = (error: unknown): never => {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
    throw error
  }
  try {
    const result = work()
    if (result instanceof Promise) return result.then((value: unknown) => (span.end(), value), failed) as T
    span.end()
    return result
  } catch (error) {
    return failed(error)
  }
}
