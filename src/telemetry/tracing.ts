import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, propagation, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import type { Trace } from '../service/ports.ts'

/** Traces requests and sends the spans to a collector. */
export type Tracing = {
  /** Starts a span for each request; register it before any hook. */
  plugin: FastifyPluginCallback
  trace: Trace
  /** The id of a request's trace; undefined if the request has no span. */
  traceIdOf(request: FastifyRequest): string | undefined
  /** Sends the remaining spans and stops. */
  end(): Promise<void>
}

const NAME = 'jitsi-token-service'

/** Probes and scrapes: frequent requests whose traces are of no use. */
const UNTRACED = new Set(['/livez', '/readyz', '/metrics'])

/**
 * Starts tracing with W3C Trace Context; the caller of a request decides whether it is sampled. The exporter reads its own
 * settings, `OTEL_*`. No span contains a path, a query, a name or an error text.
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
    // The route pattern replaces the path, which may contain personal data.
    requestHook: (span, { routeOptions }) => void span.setAttribute('url.path', routeOptions.url ?? 'none'),
  })
  instrumentation.setTracerProvider(provider)
  const tracer = provider.getTracer(NAME)
  return {
    plugin: instrumentation.plugin(),
    trace: (name, work) => tracer.startActiveSpan(name, (span) => runInSpan(span, work)),
    traceIdOf: (request) => request.opentelemetry().span?.spanContext().traceId,
    end: () => provider.shutdown(),
  }
}

/** Runs work that may be asynchronous, and ends the span when it ends. */
function runInSpan<T>(span: Span, work: () => T): T {
  const fail = (error: unknown): never => {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
    throw error
  }
  try {
    const result = work()
    if (result instanceof Promise) return result.then((value: unknown) => (span.end(), value), fail) as T
    span.end()
    return result
  } catch (error) {
    return fail(error)
  }
}
