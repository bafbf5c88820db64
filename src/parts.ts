import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { FastifyBaseLogger } from 'fastify'
import { type Config, ConfigurationError } from './config.ts'
import type { PolicyFile } from './contract/policy.ts'
import { type Development, developmentPolicy } from './development.ts'
import { eventsTo } from './events.ts'
import { type Metrics, openMetrics } from './http/metrics.ts'
import { KeyFault } from './keys/private-key.ts'
import { openSigner } from './keys/signer.ts'
import { DEVELOPMENT_KEY_ID, keyIds, makeDevelopmentKey, readSigningKey, type SigningKey } from './keys/signing-key.ts'
import { openLimiter } from './limits/limiter.ts'
import { PolicyFault, readPolicyFile } from './policy-file.ts'
import { followPolicy } from './policy-source.ts'
import { chain } from './rules/audit.ts'
import type { IssuingParts } from './service/issue-token.ts'
import type { CallerDirectory } from './service/ports.ts'
import { openLedger } from './store/audit.ts'
import { openSqlite } from './store/sqlite.ts'

/** All that has state, opened. */
export type Parts = IssuingParts & {
  callers: CallerDirectory
  metrics: Metrics
  /** Reads the policy file again; a broken one leaves in force what is. */
  reloadPolicy(): Promise<void>
  /** What was made for development, to be shown once; absent in production. */
  development?: Development
  close(): Promise<void>
}

/** Signatures that may wait for a place, a few seconds' worth on one core. */
const MAX_WAITING_SIGNATURES = 2048

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
  const [signingKey, file] = await Promise.all([
    collect(found, () => signingKeyOf(config, development)),
    collect(found, () => policyFileOf(config, development)),
  ])
  if (signingKey === undefined || file === undefined || found.length > 0) throw new ConfigurationError(found)
  const bounds = { underWay: 2 * availableParallelism(), waiting: MAX_WAITING_SIGNATURES }
  const signer = await collect(found, () => openSigner(signingKey, bounds))
  const db = await collect(found, () => openStore(config.DATABASE_URL))
  if (signer === undefined || db === undefined) throw new ConfigurationError(found)
  const metrics = openMetrics()
  const events = eventsTo(logger, metrics, Date.now)
  const source = followPolicy(config, file, Date.now, events.policyReloaded)
  const { limiter, close: closeLimiter } = await openLimiter(config.REDIS_URL, () => performance.now(), events)
  return {
    policy: () => source.current().policy,
    callers: { authenticate: (credential) => source.current().callers.authenticate(credential) },
    reloadPolicy: () => source.reload(),
    deployment: { appId: config.JAAS_APP_ID, domain: config.JITSI_DOMAIN },
    clock: Date.now,
    newId: randomUUID,
    signer,
    ledger: openLedger(db, chain),
    limiter,
    limits: { perUser: config.RATE_LIMIT_PER_USER, perRoom: config.RATE_LIMIT_PER_ROOM },
    metrics,
    ...(development === undefined ? {} : { development }),
    async close() {
      source.close()
      closeLimiter()
      await db.destroy()
    },
  }
}

async function collect<T>(faults: string[], open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof PolicyFault) faults.push(...error.faults)
    else if (error instanceof KeyFault || error instanceof ConfigurationError) faults.push(error.message)
    else throw error
    return undefined
  }
}

async function signingKeyOf(config: Config, development: Development | undefined): Promise<SigningKey> {
  const place = {
    keysDir: config.KEYS_DIR,
    ...(config.SIGNING_KEY_ID === undefined ? {} : { signingKeyId: config.SIGNING_KEY_ID }),
    ...(config.SIGNING_KEY_FILE === undefined ? {} : { signingKeyFile: config.SIGNING_KEY_FILE }),
  }
  const named = config.SIGNING_KEY_ID !== undefined || config.SIGNING_KEY_FILE !== undefined
  if (development !== undefined && !named && keyIds(config.KEYS_DIR).length === 0) {
    development.madeKeyFile = await makeDevelopmentKey(config.KEYS_DIR)
  }
  const signingKey = readSigningKey(place)
  if (development === undefined && signingKey.keyId === DEVELOPMENT_KEY_ID) {
    throw new KeyFault('SIGNING_KEY_ID: production refuses the development key; mount the key that JaaS knows.')
  }
  return signingKey
}

async function policyFileOf(config: Config, development: Development | undefined): Promise<PolicyFile> {
  if (config.POLICY_FILE === undefined) return developmentPolicy(development)
  return readPolicyFile(config.POLICY_FILE, development !== undefined)
}

async function openStore(databaseUrl: string) {
  try {
    return await openSqlite(databaseUrl.slice('sqlite:'.length))
  } catch (error) {
    const { message } = error as Error
    throw new ConfigurationError([
      `DATABASE_URL: the database cannot be opened (${message}); give it a path that this process may write.`,
    ])
  }
}
