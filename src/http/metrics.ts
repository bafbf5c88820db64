import { Counter, Gauge, Registry } from 'prom-client'
import { Type } from '@sinclair/typebox'
import type { App } from './app-type.ts'

/** What is counted, and how it is told (Prometheus exposition format). */
export type Metrics = {
  policyReloaded(ok: boolean, nowMs: number): void
  limiterServed(by: 'redis' | 'memory'): void
  text(): Promise<string>
  contentType: string
}

/** Makes the counters of one service. No label comes from a request. */
export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const reloads = new Counter({
    name: 'jts_policy_reloads_total',
    help: 'Reloads of the policy file since the start; failed ones left the policy before in force',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['ok', 'failed']) reloads.inc({ outcome }, 0)
  const failing = new Gauge({
    name: 'jts_policy_reload_failing',
    help: '1 while the policy file is broken and an older policy is in force',
    registers,
  })
  const loadedAt = new Gauge({
    name: 'jts_policy_loaded_timestamp_seconds',
    help: 'When the policy in force was loaded',
    registers,
  })
  const redisAway = new Gauge({
    name: 'jts_limiter_redis_away',
    help: '1 while limits are counted in the memory of this instance because Redis is away',
    registers,
  })
  return {
    policyReloaded(ok, nowMs) {
      reloads.inc({ outcome: ok ? 'ok' : 'failed' })
      failing.set(ok ? 0 : 1)
      if (ok) loadedAt.set(nowMs / 1000)
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
      config: { unlimited: true, problems: ['malformed-request', 'headers-too-large'] },
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
