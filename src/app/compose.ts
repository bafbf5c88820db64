import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { FastifyBaseLogger } from 'fastify'
import { type Config, ConfigurationError, deploymentOf } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import { type Development, developmentPolicy } from './development.ts'
import { type Events, eventsTo } from '../telemetry/events.ts'
import { type Metrics, openMetrics } from '../telemetry/metrics.ts'
import { type FollowedKeys, followKeys, pathsOf, sharedSecret } from '../reload/key-reload.ts'
import { placeOf, ringReader } from '../reload/key-location.ts'
import { ringOf } from './development.ts'
import type { Ring } from '../keys/key-ring.ts'
import { type SignatureQueue, signatureQueue, SIGNATURES_A_CORE } from '../keys/signing-queue.ts'
import type { QueueEvents } from '../service/events.ts'
import { openLimiter } from '../limits/limiter.ts'
import { OperatorError } from '../service/fault.ts'
import { followPolicy, readPolicyBy } from '../reload/policy-reload.ts'
import { notesIn, openRecord, recording } from './open-record.ts'
import type { AdmittingParts } from '../service/keys/admit.ts'
import type { IssuingParts } from '../service/tokens/issue-token.ts'
import type { AuditReader, CallerDirectory, NewSecret, SigningLoad } from '../service/ports.ts'
import { companyMs } from '../store/audit/commit-scheduler.ts'
import type { Store } from '../store/open.ts'
import { counted, keepUp, type Upkeep } from './maintenance.ts'
import { openVisitParts, type VisitParts } from './compose-consultations.ts'

/** All that has state, opened. */
export type Parts = IssuingParts &
  VisitParts & {
    keys: FollowedKeys
    signing: SigningLoad
    callers: CallerDirectory
    reader: AuditReader
    upkeep: Upkeep
    metrics: Metrics
    /** Reads policy and keys again; what is broken leaves in force what is. */
    reload(): Promise<void>
    /** What was made for development, to be shown once; absent in production. */
    development?: Development
    close(): Promise<void>
  }

/**
 * Opens the parts.
 * @param faults what is wrong with the settings already; told together with what is found here
 * @throws ConfigurationError with every fault of settings, key, policy and store
 */
export async function openParts(
  config: Config,
  logger: FastifyBaseLogger,
  faults: readonly string[] = [],
): Promise<Parts> {
  const development: Development | undefined = config.NODE_ENV === 'production' ? undefined : {}
  const found = [...faults]
  const { ring, file } = await readFiles(config, development, found)
  const metrics = openMetrics(config.JITSI_DEPLOYMENT)
  const events = eventsTo(logger, metrics, clock)
  const signing = openQueue(config, events)
  const { record, note } = await startRecord(config, events, signing)
  const keys = await collect(found, () => keysOf(config, ring, { ...record, clock, newId, queue: signing }, events))
  if (keys === undefined) throw await closedFirst(record, new ConfigurationError(found))
  const policy = followPolicy(config, file, clock, recording(note, events))
  const upkeep = keepUp(config, { record, keys, clock, onError: events.broke })
  const { limiter, close: closeLimiter } = await openLimiter(config.REDIS_URL, monotonic, events)
  const visits = openVisitParts(config, record, keys, newSecret, events.broke)
  metrics.watch({ ...visits.watched, signing, ring: keys.standing, clock, rotationDays: config.KEYS_ROTATION_DAYS })
  return {
    ...decidedBy(policy, keys),
    deployment: deploymentOf(config),
    clock,
    newId,
    keys,
    signing,
    ledger: record.ledger,
    reader: record.reader,
    ...visits.parts,
    upkeep,
    limiter,
    metrics,
    trace: (_name, work) => work(),
    ...(development === undefined ? {} : { development }),
    async close() {
      policy.close()
      keys.close()
      closeLimiter()
      await visits.close()
      await upkeep.end(() => note('service.stop').catch(events.broke))
      await record.close()
    },
  }
}

/** What is read again while the service runs. */
const decidedBy = (
  { current, reload }: ReturnType<typeof followPolicy>,
  keys: FollowedKeys,
): Pick<Parts, 'policy' | 'callers' | 'reload'> => ({
  policy: () => current().policy,
  callers: { authenticate: (credential) => current().callers.authenticate(credential) },
  reload: async () => void (await Promise.all([reload(), keys.reload()])),
})

/** @returns an error, once what was opened before it is closed */
async function closedFirst(record: Store, error: Error): Promise<Error> {
  await record.close()
  return error
}

/** What lies in files. @throws ConfigurationError with all that was found */
async function readFiles(config: Config, development: Development | undefined, found: string[]) {
  const [ring, file] = await Promise.all([
    collect(found, () => ringOf(config, development)),
    collect(found, () => policyFileOf(config, development)),
  ])
  if (found.length > 0 || file === undefined) throw new ConfigurationError(found)
  return { ring, file }
}

const clock = Date.now
const newId = randomUUIDv7
const newSecret: NewSecret = (bytes) => randomBytes(bytes).toString('hex')
const monotonic = () => performance.now()

/** Opens the record; that the service started stands in it by then. */
async function startRecord(config: Config, events: Events, { expectedWaitMs }: SigningLoad) {
  const record = counted(await openRecord(config, config.AUDIT_WRITER, events, expectedWaitMs))
  const note = notesIn(record.ledger, clock)
  await note('service.start')
  return { record, note }
}

/** Of the time that a token may wait, the record has its part. */
const openQueue = ({ SIGNING_QUEUE_MS: maxMs }: Config, events: QueueEvents): SignatureQueue =>
  signatureQueue(
    { underWay: SIGNATURES_A_CORE * availableParallelism(), maxWaitMs: maxMs - companyMs(maxMs) },
    monotonic,
    events,
  )

/** The keys that sign: those of a ring, or the secret that stands in for one. */
function keysOf(
  config: Config,
  ring: Ring | undefined,
  parts: AdmittingParts & { queue: SignatureQueue },
  { keysReloaded }: Events,
): Promise<FollowedKeys> {
  if (ring === undefined) return Promise.resolve(sharedSecret(config.JITSI_JWT_SECRET ?? '', parts.queue))
  const folder = { paths: pathsOf(placeOf(config)), read: ringReader(config) }
  return followKeys(folder, ring, deploymentOf(config), parts, keysReloaded)
}

/** Takes the faults of opening something, which are sentences for a person, out of its way. */
export async function collect<T>(faults: string[], open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    faults.push(...error.errors)
    return undefined
  }
}

/** The policy by the settings: of its file, or the built-in one. */
export async function policyFileOf(config: Config, development: Development | undefined): Promise<PolicyFile> {
  if (config.POLICY_FILE === undefined) return developmentPolicy(development)
  return readPolicyBy(config, config.POLICY_FILE)
}
