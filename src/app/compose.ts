import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { FastifyBaseLogger } from 'fastify'
import { type Config, ConfigurationError, deploymentOf } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import { type Development, developmentPolicy } from './development.ts'
import { type Events, createEvents } from '../telemetry/events.ts'
import { type Metrics, createMetrics } from '../telemetry/metrics.ts'
import { type ReloadableKeys, watchKeys, keyPathsOf, openSharedSecret } from '../reload/key-reload.ts'
import { keyLocationOf, createKeyFilesReader } from '../reload/key-location.ts'
import { openKeyFiles } from './development.ts'
import type { KeyFiles } from '../keys/key-ring.ts'
import { type SigningQueue, createSigningQueue, SIGNATURES_PER_CORE } from '../keys/signing-queue.ts'
import type { QueueEvents } from '../service/events.ts'
import type { Limits } from '../rules/limits.ts'
import { openLimiter } from '../limits/limiter.ts'
import { OperatorError } from '../service/fault.ts'
import { watchPolicy, readConfiguredPolicy } from '../reload/policy-reload.ts'
import { createNote, openRecord, recordReload } from './open-record.ts'
import type { AdmitKeysDeps } from '../service/keys/admit.ts'
import type { IssueTokenDeps } from '../service/tokens/issue-token.ts'
import type { CallerDirectory, NewSecret } from '../service/ports.ts'
import { createFailureRecorder } from '../service/audit/failures.ts'
import type { AuditReader } from '../service/audit/ports.ts'
import type { SigningLoad } from '../service/keys/ports.ts'
import { groupCommitDelayMs } from '../store/audit/commit-scheduler.ts'
import type { Store } from '../store/open.ts'
import { countEntries, startMaintenance, type Maintenance } from './maintenance.ts'
import { composeConsultations, type ConsultationDeps } from './compose-consultations.ts'

/** The opened dependencies of every use case and route. */
export type Deps = IssueTokenDeps &
  ConsultationDeps & {
    keys: ReloadableKeys
    signing: SigningLoad
    callers: CallerDirectory
    limits: Limits
    reader: AuditReader
    maintenance: Maintenance
    metrics: Metrics
    /** Reads policy and keys again. If one of them is invalid, the one in force stays in force. */
    reload(): Promise<void>
    /** The key and callers generated for development, shown once at start; absent in production. */
    development?: Development
    close(): Promise<void>
  }

/** Options that are not settings. */
export type ComposeOptions = {
  /** How long Redis may take to answer, in milliseconds. */
  redisTimeoutMs?: number
  /** The monotonic clock of the rate limits, in milliseconds. */
  limiterNowMs?: () => number
}

/**
 * Opens every dependency, in the order in which they need each other.
 * @param errors errors already found in the settings; they are reported together with those found here
 * @throws ConfigurationError with every error of settings, keys, policy and database
 */
export async function compose(
  config: Config,
  logger: FastifyBaseLogger,
  errors: readonly string[] = [],
  { redisTimeoutMs, limiterNowMs = monotonic }: ComposeOptions = {},
): Promise<Deps> {
  const development: Development | undefined = config.NODE_ENV === 'production' ? undefined : {}
  const found = [...errors]
  const { keyFiles, file } = await readFiles(config, development, found)
  const metrics = createMetrics(config.JITSI_DEPLOYMENT)
  const events = createEvents(logger, metrics, clock)
  const signing = openQueue(config, events)
  const { record, note } = await startRecord(config, events, signing)
  const keyDeps = { ...record, clock, newId, queue: signing }
  const keys = await collectErrors(found, () => openKeys(config, keyFiles, keyDeps, events))
  if (keys === undefined) throw await closeAfterError(record, new ConfigurationError(found))
  const policy = watchPolicy(config, file, clock, { ...events, onPolicyReload: recordReload(note, events) })
  const failures = createFailureRecorder(record.anonymousLedger, clock)
  const maintenance = startMaintenance(config, { record, keys, failures, clock, onError: events.onError })
  const { limiter, close: closeLimiter } = await openLimiter(config.REDIS_URL, limiterNowMs, events, redisTimeoutMs)
  const consultations = composeConsultations(config, record, keys, newSecret, events.onError)
  watchGauges(metrics, config, { ...consultations.watched, signing, ring: keys.status })
  return {
    ...reloadable(policy, keys),
    ...{ deployment: deploymentOf(config), clock, newId },
    ...{ keys, signing, failures },
    ledger: record.ledger,
    reader: record.reader,
    ...consultations.deps,
    maintenance,
    limiter,
    metrics,
    trace: (_name, work) => work(),
    ...(development === undefined ? {} : { development }),
    async close() {
      policy.close()
      keys.close()
      closeLimiter()
      await consultations.close()
      await maintenance.end(() => note('service.stop').catch(events.onError))
      await record.close()
    },
  }
}

/** Connects the gauges to the state that they read when the metrics are scraped. */
const watchGauges = (
  metrics: Metrics,
  { KEYS_ROTATION_DAYS: rotationDays }: Config,
  state: Omit<Parameters<Metrics['watch']>[0], 'clock' | 'rotationDays'>,
): void => metrics.watch({ ...state, clock, rotationDays })

/** The dependencies that a reload replaces, and the reload itself. */
const reloadable = (
  { current, reload }: ReturnType<typeof watchPolicy>,
  keys: ReloadableKeys,
): Pick<Deps, 'policy' | 'callers' | 'reload'> => ({
  policy: () => current().policy,
  callers: { authenticate: (credential) => current().callers.authenticate(credential) },
  reload: async () => void (await Promise.all([reload(), keys.reload()])),
})

/** @returns the error, after the record that was opened before it is closed */
async function closeAfterError(record: Store, error: Error): Promise<Error> {
  await record.close()
  return error
}

/** Reads the keys and the policy. @throws ConfigurationError with every error that was found */
async function readFiles(config: Config, development: Development | undefined, found: string[]) {
  const [keyFiles, file] = await Promise.all([
    collectErrors(found, () => openKeyFiles(config, development)),
    collectErrors(found, () => readPolicy(config, development)),
  ])
  if (found.length > 0 || file === undefined) throw new ConfigurationError(found)
  return { keyFiles, file }
}

const clock = Date.now
const newId = randomUUIDv7
const newSecret: NewSecret = (bytes) => randomBytes(bytes).toString('hex')
const monotonic = () => performance.now()

/** Opens the record and appends `service.start`. */
async function startRecord(config: Config, events: Events, { expectedWaitMs }: SigningLoad) {
  const record = countEntries(await openRecord(config, config.AUDIT_WRITER, events, { signingWaitMs: expectedWaitMs }))
  const note = createNote(record.ledger, clock)
  await note('service.start')
  return { record, note }
}

/** The queue may use the part of SIGNING_QUEUE_MS that the group commit does not use. */
const openQueue = ({ SIGNING_QUEUE_MS: maxMs }: Config, events: QueueEvents): SigningQueue =>
  createSigningQueue(
    { maxRunning: SIGNATURES_PER_CORE * availableParallelism(), maxWaitMs: maxMs - groupCommitDelayMs(maxMs) },
    monotonic,
    events,
  )

/** Opens the signing keys: a key ring, or the shared secret of a self-hosted Jitsi. */
function openKeys(
  config: Config,
  files: KeyFiles | undefined,
  deps: AdmitKeysDeps & { queue: SigningQueue },
  events: Events,
): Promise<ReloadableKeys> {
  if (files === undefined) return Promise.resolve(openSharedSecret(config.JITSI_JWT_SECRET ?? '', deps.queue))
  const folder = { paths: keyPathsOf(keyLocationOf(config)), read: createKeyFilesReader(config) }
  const maxAgeSeconds = config.KEYS_MAX_AGE_SECONDS
  return watchKeys(folder, files, deploymentOf(config), { ...deps, maxAgeSeconds }, events)
}

/** Collects the errors of opening something, each a sentence for an operator. @returns undefined if it failed */
export async function collectErrors<T>(errors: string[], open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    errors.push(...error.errors)
    return undefined
  }
}

/** Reads POLICY_FILE; without one, creates the policy of development. */
export async function readPolicy(config: Config, development: Development | undefined): Promise<PolicyFile> {
  if (config.POLICY_FILE === undefined) return developmentPolicy(development)
  return readConfiguredPolicy(config, config.POLICY_FILE)
}
