import { Type } from '@sinclair/typebox'
import { Counter, Gauge, Registry } from 'prom-client'
import type { App } from './app-type.ts'

/** What is counted, and how it is told (Prometheus exposition format). */
export type Metrics = {
  reloaded(what: 'policy' | 'keys', ok: boolean, nowMs: number): void
  limiterServed(by: 'redis' | 'memory'): void
  text(): Promise<string>
  contentType: string
}

/** Makes the counters of one service. No label comes from a request. */
export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['what']
  const reloads = new Counter({
    name: 'jts_reloads_total',
    help: 'Reloads of policy and keys since the start; failed ones left in force what was',
    labelNames: ['what', 'outcome'],
    registers,
  })
  const failing = new Gauge({
    name: 'jts_reload_failing',
    help: '1 while what lies in the files is broken and something older is in force',
    labelNames,
    registers,
  })
  const loadedAt = new Gauge({
    name: 'jts_reloaded_timestamp_seconds',
    help: 'When policy and keys were last reloaded well; 0 while what was read at the start is in force',
    labelNames,
    registers,
  })
  const redisAway = new Gauge({
    name: 'jts_limiter_redis_away',
    help: '1 while limits are counted in the memory of this instance because Redis is away',
    registers,
  })
  for (const what of ['policy', 'keys']) {
    for (const outcome of ['ok', 'failed']) reloads.inc({ what, outcome }, 0)
    for (const gauge of [failing, loadedAt]) gauge.set({ what }, 0)
  }
  return {
    reloaded(what, ok, nowMs) {
      reloads.inc({ what, outcome: ok ? 'ok' : 'failed' })
      failing.set({ what }, ok ? 0 : 1)
      if (ok) loadedAt.set({ what }, nowMs / 1000)
    },
    limiterServed: (by) => redisAway.set(by === 'redis' ? 0 : 1),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

/** Adds `GET /metrics`. */
export function addMetrics(app: App, metrics: Metrics): void {
  app.get(
    '/metrics',
    {
      config: { bucket: 'none', problems: ['malformed-request', 'headers-too-large'] },
      schema: {
        operationId: 'getMetrics',
        summary: 'Counters for Prometheus',
        tags: ['health'],
        security: [],
        response: { 200: { description: 'Counters as text', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
