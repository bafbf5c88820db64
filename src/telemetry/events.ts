import type { FastifyBaseLogger } from 'fastify'
import type { ReloadOutcome } from '../service/events.ts'
import type { Metrics } from './metrics.ts'
import type { QueueEvents } from '../service/events.ts'
import type { LimiterEvents } from '../service/events.ts'
import { OperatorError } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'
import type { StoreEvents } from '../service/events.ts'

/** What happens beside requests. */
export type Events = LimiterEvents &
  QueueEvents &
  StoreEvents & {
    policyReloaded(outcome: ReloadOutcome): void
    keysReloaded(outcome: ReloadOutcome): void
  }

/** Turns what happens beside requests into counters and log lines. */
export function createEvents(logger: FastifyBaseLogger, metrics: Metrics, clock: Clock): Events {
  const reloaded =
    (what: 'policy' | 'keys') =>
    ({ fault, changed }: ReloadOutcome): void => {
      metrics.reloaded(what, fault === undefined, clock())
      if (fault !== undefined) logger.error(reasonOf(fault), `the ${what} cannot be used; what was in force stays so`)
      else if (changed) logger.info(`${what} reloaded`)
    }
  return {
    signed: (signingMs, waitedMs) => metrics.signed(signingMs, waitedMs),
    committed: (ms, entries) => metrics.committed(ms, entries),
    commitFailed: () => metrics.commitFailed(),
    onError: (error) => logger.warn({ err: error }, 'the record could not be used'),
    onDecision: (bucket, allowed) => metrics.limited(bucket, allowed),
    policyReloaded: reloaded('policy'),
    keysReloaded: reloaded('keys'),
    onBackendChange(by) {
      metrics.limiterServed(by)
      if (by === 'redis') logger.info('Redis is back; limits are shared again')
      else logger.warn('Redis is away; each instance counts for itself')
    },
    onRedisError: (error) => logger.debug({ err: error }, 'Redis'),
  }
}

/** An error that an operator can correct is logged as sentences; any other error is logged whole. */
const reasonOf = (fault: unknown): object =>
  fault instanceof OperatorError ? { errors: fault.errors } : { err: fault }
