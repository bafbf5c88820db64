import type { FastifyBaseLogger } from 'fastify'
import type { Metrics } from './http/metrics.ts'
import type { LimiterEvents } from './limits/limiter.ts'
import type { Clock } from './service/ports.ts'
import { PolicyFault } from './policy-file.ts'

/** What happens beside requests, turned into counters and log lines. */
export function eventsTo(
  logger: FastifyBaseLogger,
  metrics: Metrics,
  clock: Clock,
): LimiterEvents & { policyReloaded(fault?: unknown): void } {
  return {
    policyReloaded(fault) {
      metrics.policyReloaded(fault === undefined, clock())
      if (fault === undefined) logger.info('policy reloaded')
      else if (fault instanceof PolicyFault) {
        logger.error({ faults: fault.faults }, 'the policy file is broken; the policy before stays in force')
      } else logger.error({ err: fault }, 'the policy file cannot be loaded; the policy before stays in force')
    },
    served(by) {
      metrics.limiterServed(by)
      if (by === 'redis') logger.info('Redis is back; limits are shared again')
      else logger.warn('Redis is away; each instance counts for itself')
    },
    redisFailed: (error) => logger.debug({ err: error }, 'Redis'),
  }
}
