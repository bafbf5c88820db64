import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BucketName } from '../contract/bucket-name.ts'
import type { ProblemCode } from '../contract/problem.ts'

/** Histogram bounds in seconds: a signature takes milliseconds, and no request waits longer than the limit of the queue. */
const FAST_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
/** Histogram bounds of the entries in one commit. */
const ENTRIES = [1, 2, 4, 8, 16, 32, 64, 128]

export function createRequestMetrics(registers: Registry[]) {
  const requests = new Counter({
    name: 'jts_http_requests_total',
    help: 'HTTP requests by route, method, status and problem code.',
    labelNames: ['route', 'method', 'status', 'code'],
    registers,
  })
  const durations = new Histogram({
    name: 'jts_http_request_duration_seconds',
    help: 'Seconds from the start of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: FAST_SECONDS,
    registers,
  })
  const untrusted = new Counter({
    name: 'jts_untrusted_forwarded_headers_total',
    help: 'Requests with X-Forwarded-For or Forwarded of a peer that TRUST_PROXY does not name; the header is ignored.',
    registers,
  })
  return {
    countUntrustedForwardedHeader: (): void => untrusted.inc(),
    /** Counts an answered request. @param route the pattern of the route, or `none` */
    countRequest(route: string, method: string, status: number, code: ProblemCode | '', seconds: number): void {
      requests.inc({ route, method, status, code })
      durations.observe({ route }, seconds)
    },
    /** Counts requests that were refused before the framework handled them. */
    countEarlyRefusals(route: string, count: number): void {
      requests.inc({ route, method: 'POST', status: 503, code: 'overloaded' }, count)
    },
  }
}

export function createTokenMetrics(registers: Registry[], deployment: string) {
  const tokens = new Counter({
    name: 'jts_tokens_issued_total',
    help: 'Tokens issued, by role, caller and deployment.',
    labelNames: ['role', 'caller', 'deployment'],
    registers,
  })
  const refusals = new Counter({
    name: 'jts_refusals_total',
    help: 'Refused token requests, by problem code.',
    labelNames: ['code'],
    registers,
  })
  return {
    countIssued: (role: string, caller: string): void => tokens.inc({ role, caller, deployment }),
    countRefusal: (code: ProblemCode): void => refusals.inc({ code }),
  }
}

export function createSigningMetrics(registers: Registry[]) {
  const signing = new Histogram({
    name: 'jts_signing_seconds',
    help: 'Seconds that a signature took in the thread pool.',
    buckets: FAST_SECONDS,
    registers,
  })
  const waiting = new Histogram({
    name: 'jts_signing_waiting_seconds',
    help: 'Seconds that a signature waited in the queue.',
    buckets: FAST_SECONDS,
    registers,
  })
  return {
    observeSignature(signingMs: number, waitedMs: number): void {
      signing.observe(signingMs / 1000)
      waiting.observe(waitedMs / 1000)
    },
  }
}

export function createRecordMetrics(registers: Registry[]) {
  const seconds = new Histogram({
    name: 'jts_audit_commit_seconds',
    help: 'Seconds that a commit to the audit record took.',
    buckets: FAST_SECONDS,
    registers,
  })
  const batch = new Histogram({
    name: 'jts_audit_batch_entries',
    help: 'Audit entries in one commit.',
    buckets: ENTRIES,
    registers,
  })
  const failed = new Counter({
    name: 'jts_audit_commits_failed_total',
    help: 'Failed commits to the audit record; their requests got 503.',
    registers,
  })
  return {
    observeCommit(ms: number, entries: number): void {
      seconds.observe(ms / 1000)
      batch.observe(entries)
    },
    countFailedCommit: (): void => failed.inc(),
  }
}

export function createLimiterMetrics(registers: Registry[]) {
  const decisions = new Counter({
    name: 'jts_limiter_decisions_total',
    help: 'Decisions of the rate limiter, by bucket and outcome.',
    labelNames: ['bucket', 'outcome'],
    registers,
  })
  const redisUnavailable = new Gauge({
    name: 'jts_limiter_redis_away',
    help: '1 while this instance counts limits in its own memory because Redis is unavailable, 0 otherwise.',
    registers,
  })
  return {
    /** Counts a decision of a limit. */
    countDecision(bucket: BucketName, allowed: boolean): void {
      decisions.inc({ bucket, outcome: allowed ? 'allowed' : 'refused' })
    },
    setLimiterBackend: (by: 'redis' | 'memory'): void => redisUnavailable.set(by === 'redis' ? 0 : 1),
  }
}

export function createReloadMetrics(registers: Registry[]) {
  const labelNames = ['what']
  const reloads = new Counter({
    name: 'jts_reloads_total',
    help: 'Reloads of policy and keys by outcome; after a failed reload the previous version stays in force.',
    labelNames: ['what', 'outcome'],
    registers,
  })
  const failing = new Gauge({
    name: 'jts_reload_failing',
    help: '1 while the files are invalid and an older version is in force, 0 otherwise.',
    labelNames,
    registers,
  })
  const loadedAt = new Gauge({
    name: 'jts_reloaded_timestamp_seconds',
    help: 'Time of the last successful reload (Unix seconds); 0 while the files read at the start are in force.',
    labelNames,
    registers,
  })
  const detached = new Gauge({
    name: 'jts_files_detached',
    help: 'Files whose changes no longer arrive, because a mount of the single file shows a replaced file.',
    labelNames,
    registers,
  })
  for (const what of ['policy', 'keys']) {
    for (const outcome of ['ok', 'failed']) reloads.inc({ what, outcome }, 0)
    for (const gauge of [failing, loadedAt, detached]) gauge.set({ what }, 0)
  }
  return {
    setDetachedFiles: (what: 'policy' | 'keys', files: number): void => detached.set({ what }, files),
    countReload(what: 'policy' | 'keys', ok: boolean, nowMs: number): void {
      reloads.inc({ what, outcome: ok ? 'ok' : 'failed' })
      failing.set({ what }, ok ? 0 : 1)
      if (ok) loadedAt.set({ what }, nowMs / 1000)
    },
  }
}
