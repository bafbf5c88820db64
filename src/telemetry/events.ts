import type { FastifyBaseLogger } from 'fastify'
import type { KeyEvents, PolicyEvents, ReloadOutcome } from '../service/events.ts'
import type { Metrics } from './metrics.ts'
import type { QueueEvents } from '../service/events.ts'
import type { LimiterEvents } from '../service/events.ts'
import { OperatorError } from '../service/fault.ts'
import type { Clock } from '../service/ports.ts'
import type { StoreEvents } from '../service/events.ts'

/** The events that are not part of a request. */
export type Events = LimiterEvents & QueueEvents & KeyEvents & StoreEvents & PolicyEvents

/** Turns events into metrics and log lines. */
export function createEvents(logger: FastifyBaseLogger, metrics: Metrics, clock: Clock): Events {
  const onReload =
    (what: 'policy' | 'keys') =>
    ({ fault, changed }: ReloadOutcome): void => {
      metrics.countReload(what, fault === undefined, clock())
      if (fault !== undefined)
        logger.error(reasonOf(fault), `the ${what} cannot be used; the previous version stays in force`)
      else if (changed) logger.info(`${what} reloaded`)
    }
  return {
    onSignature: (signingMs, waitedMs) => metrics.observeSignature(signingMs, waitedMs),
    onCommit: (ms, entries) => metrics.observeCommit(ms, entries),
    onCommitFailed: () => metrics.countFailedCommit(),
    onError: (error) => logger.warn({ err: error }, 'work outside a request failed'),
    onNewerDatabase: (migrations) =>
      logger.warn(
        { migrations },
        'a newer version changed the database; this version can run on it until the upgrade ends',
      ),
    onDecision: (bucket, allowed) => metrics.countDecision(bucket, allowed),
    onPolicyReload: onReload('policy'),
    onKeysReload: onReload('keys'),
    onFilesDetached(what, paths) {
      metrics.setDetachedFiles(what, paths.length)
      if (paths.length > 0) logger.warn({ what, paths }, DETACHED)
    },
    onKeyPending: (kid, at) => logger.info({ kid, signsFrom: new Date(at).toISOString() }, 'key activation pending'),
    onKeyActivated: (kid) => logger.info({ kid }, 'key activated'),
    onBackendChange(by) {
      metrics.setLimiterBackend(by)
      if (by === 'redis') logger.info('Redis is available again; limits are shared')
      else logger.warn('Redis is unavailable; this instance counts limits in its own memory')
    },
    onRedisError: (error) => logger.debug({ err: error }, 'Redis connection error'),
  }
}

const DETACHED =
  'files were replaced on the host, but a mount of the single file shows the old ones: mount their folder instead'

/** An error that an operator can correct is logged as sentences; any other error is logged whole. */
const reasonOf = (fault: unknown): object =>
  fault instanceof OperatorError ? { errors: fault.errors } : { err: fault }
