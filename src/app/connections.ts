import { readRecordState } from './open-record.ts'
import { fetchIssuerKeys } from '../auth/issuer-keys.ts'
import { type Config, ConfigurationError } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import { reachJaas } from '../jaas/probe.ts'
import { pingRedis } from '../limits/redis.ts'
import { reasonOf } from '../rules/network-error.ts'

/** How long each connection may take, in milliseconds. All are tried at once. */
const LIMIT_MS = 10_000

/** What was found about the servers that the settings and the policy name. */
export type Connections = {
  /** What each server answered, for a table. */
  rows: [name: string, outcome: string][]
  errors: string[]
  warnings: string[]
}

/**
 * Connects to everything that the settings and the policy name. Changes nothing. Without the database the service does not
 * start, which is an error; it starts without the others, which is a warning.
 */
export async function checkConnections(config: Config, policy: PolicyFile | undefined): Promise<Connections> {
  const found: Connections = { rows: [], errors: [], warnings: [] }
  const others = [
    ...(config.REDIS_URL === undefined ? [] : [probeRedis(config.REDIS_URL)]),
    ...(policy?.issuers ?? []).map((issuer) => probeIssuer(config, issuer)),
    ...(config.JAAS_MANAGEMENT === 'on' ? [probeJaas(config.JAAS_MANAGEMENT_URL)] : []),
  ]
  const [database, ...outcomes] = await Promise.all([checkDatabase(config, found), ...others.map(settle)])
  found.rows.push(['DATABASE_URL', database])
  for (const { name, outcome, reason } of outcomes) {
    found.rows.push([name, outcome])
    if (reason !== undefined)
      found.warnings.push(`${name}: cannot be reached (${reason}); the service starts without it.`)
  }
  return found
}

/** A connection to try: its name, and what says that it works. */
type Probe = { name: string; connect: () => Promise<string> }

const probeRedis = (url: string): Probe => ({
  name: 'REDIS_URL',
  connect: async () => (await pingRedis(url, LIMIT_MS), 'answers'),
})

const probeIssuer = ({ NODE_ENV }: Config, { issuer, jwksUri }: NonNullable<PolicyFile['issuers']>[number]): Probe => ({
  name: `issuer ${issuer}`,
  connect: async () => {
    const allowHttp = NODE_ENV !== 'production'
    const keys = await fetchIssuerKeys({ issuer, allowHttp, ...(jwksUri === undefined ? {} : { jwksUri }) }, LIMIT_MS)
    return `publishes ${keys} keys`
  },
})

const probeJaas = (url: string): Probe => ({
  name: 'JAAS_MANAGEMENT_URL',
  connect: async () => (await reachJaas(url, LIMIT_MS), 'answers'),
})

/** Tries a connection. Never throws. */
async function settle({ name, connect }: Probe): Promise<{ name: string; outcome: string; reason?: string }> {
  try {
    return { name, outcome: await connect() }
  } catch (error) {
    return { name, outcome: 'cannot be reached', reason: reasonOf(error) }
  }
}

/** @returns what is known of the database; an error that prevents the start is added to `found` */
async function checkDatabase(config: Config, found: Connections): Promise<string> {
  try {
    const { isEmpty, pending, newer, isCompatible } = await readRecordState(config)
    if (!isCompatible) {
      found.errors.push(
        `DATABASE_URL: the database was made by a newer version (${newer.join(', ')}); run that version.`,
      )
      return 'was made by a newer version'
    }
    if (isEmpty) return 'has no tables yet; the service creates them at start'
    if (pending.length === 0) return 'is up to date'
    found.warnings.push(`DATABASE_URL: ${pending.length} migrations will run at the next start: ${pending.join(', ')}.`)
    return `needs ${pending.length} migrations`
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    found.errors.push(...error.errors)
    return 'cannot be opened'
  }
}
