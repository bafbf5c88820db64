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
    onPolicyReload(outcome: ReloadOutcome): void
    onKeysReload(outcome: ReloadOutcome): void
  }

/** Turns what happens beside requests into counters and log lines. */
export function createEvents(logger: FastifyBaseLogger, metrics: Metrics, clock: Clock): Events {
  const reloaded =
    (what: 'policy' | 'keys') =>
    ({ fault, changed }: ReloadOutcome): void => {
      metrics.countReload(what, fault === undefined, clock())
      if (fault !== undefined) logger.error(reasonOf(fault), `the ${what} cannot be used; what was in force stays so`)
      else if (changed) logger.info(`${what} reloaded`)
    }
  return {
    onSignature: (signingMs, waitedMs) => metrics.observeSignature(signingMs, waitedMs),
    onCommit: (ms, entries) => metrics.observeCommit(ms, entries),
    onCommitFailed: () => metrics.countFailedCommit(),
    onError: (error) => logger.warn({ err: error }, 'the record could not be used'),
    onDecision: (bucket, allowed) => metrics.countDecision(bucket, allowed),
    onPolicyReload: reloaded('policy'),
    onKeysReload: reloaded('keys'),
    onBackendChange(by) {
      metrics.setLimiterBackend(by)
      if (by === 'redis') logger.info('Redis is back; limits are shared again')
      else logger.warn('Redis is away; each instance counts for itself')
    },
    onRedisError: (error) => logger.debug({ err: error }, 'Redis'),
  }
}

/** An error that an operator can correct is logged as sentences; any other error is logged whole. */
const reasonOf = (fault: unknown): object =>
  fault instanceof OperatorError ? { errors: fault.errors } : { err: fault }
