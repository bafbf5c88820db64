import { collectDefaultMetrics, Registry } from 'prom-client'
import type { ProblemCode } from '../contract/problem.ts'
import type { Clock, KeyRingStanding, SigningLoad } from '../service/ports.ts'
import { watchBell, watchRevocations, watchRing, watchSigning } from './metric-gauges.ts'
import {
  consultationMetrics,
  limiterMetrics,
  recordMetrics,
  reloadMetrics,
  renewalMetrics,
  requestMetrics,
  signingMetrics,
  tokenMetrics,
} from './metric-sets.ts'

/** What is read whenever the metrics are asked for. */
export type Watched = {
  signing: SigningLoad
  /** Undefined where there is no ring. */
  ring: () => KeyRingStanding | undefined
  clock: Clock
  /** How many revocations are in force. */
  revocations: () => number
  /** Whether this instance hears what others change. */
  bellUp: () => boolean
  /** How old the key that signs may become. */
  rotationDays: number
}

/** What is counted, and how it is told (Prometheus exposition format). */
export type Metrics = {
  /** A request was answered. @param route the pattern of the route, or `none` */
  answered(route: string, method: string, status: number, code: ProblemCode | '', seconds: number): void
  /** So many requests were refused before they were looked at. */
  refusedAtDoor(route: string, requests: number): void
  issued(role: string, caller: string): void
  refused(code: ProblemCode): void
  consultation(what: 'created' | 'changed' | 'ended' | 'cancelled' | 'admitted'): void
  /** A token was renewed, or waits for its person to be admitted, or was refused. */
  renewal(outcome: 'issued' | 'waiting' | 'refused'): void
  /** So many streams of events are open. */
  streams(open: number): void
  /** Somebody used an invitation, for the first time in this browser or again, or was refused. */
  redeemed(outcome: 'new' | 'again' | 'refused'): void
  signed(signingMs: number, waitedMs: number): void
  committed(ms: number, entries: number): void
  commitFailed(): void
  /** @param bucket what kind of limit decided */
  limited(bucket: string, allowed: boolean): void
  limiterServed(by: 'redis' | 'memory'): void
  reloaded(what: 'policy' | 'keys', ok: boolean, nowMs: number): void
  /** Reads these whenever the metrics are asked for. */
  watch(watched: Watched): void
  /** Adds what Prometheus expects of every process: memory, processor, event loop, garbage. */
  ofProcess(): void
  text(): Promise<string>
  contentType: string
}

/**
 * Makes the counters of one service. No label comes from a request, but for ids that the policy names.
 * @param deployment which Jitsi the tokens are for
 */
export function openMetrics(deployment: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    ...requestMetrics(registers),
    ...tokenMetrics(registers, deployment),
    ...consultationMetrics(registers),
    ...renewalMetrics(registers),
    ...signingMetrics(registers),
    ...recordMetrics(registers),
    ...limiterMetrics(registers),
    ...reloadMetrics(registers),
    watch(watched) {
      watchSigning(registry, watched.signing)
      watchRing(registry, watched)
      watchRevocations(registry, watched)
      watchBell(registry, watched.bellUp)
    },
    ofProcess: () => collectDefaultMetrics({ register: registry }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
