import type { FastifyBaseLogger } from 'fastify'
import type { ReloadOutcome } from './follow.ts'
import type { Metrics } from './http/metrics.ts'
import { KeyFault } from './keys/private-key.ts'
import type { QueueEvents } from './keys/queue.ts'
import type { LimiterEvents } from './limits/limiter.ts'
import { PolicyFault } from './policy-file.ts'
import { KidReused } from './service/admit-keys.ts'
import type { Clock } from './service/ports.ts'
import type { StoreEvents } from './store/open.ts'

/** What happens beside requests. */
export type Events = LimiterEvents &
  QueueEvents &
  StoreEvents & {
    policyReloaded(outcome: ReloadOutcome): void
    keysReloaded(outcome: ReloadOutcome): void
  }

/** Turns what happens beside requests into counters and log lines. */
export function eventsTo(logger: FastifyBaseLogger, metrics: Metrics, clock: Clock): Events {
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
    broke: (error) => logger.warn({ err: error }, 'the record could not be used'),
    decided: (bucket, allowed) => metrics.limited(bucket, allowed),
    policyReloaded: reloaded('policy'),
    keysReloaded: reloaded('keys'),
    served(by) {
      metrics.limiterServed(by)
      if (by === 'redis') logger.info('Redis is back; limits are shared again')
      else logger.warn('Redis is away; each instance counts for itself')
    },
    redisFailed: (error) => logger.debug({ err: error }, 'Redis'),
  }
}

/** Faults of files are sentences for whoever wrote them; of all others the whole error is told. */
function reasonOf(fault: unknown): object {
  if (fault instanceof PolicyFault) return { faults: fault.faults }
  if (fault instanceof KeyFault || fault instanceof KidReused) return { faults: [fault.message] }
  return { err: fault }
}
