import { createCallerDirectory } from '../auth/directory.ts'
import { createIssuerKeys, type JwksLocation } from '../auth/issuer-keys.ts'
import type { Config } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import { watchFiles, type Watched } from './watch-files.ts'
import type { PolicyEvents } from '../service/events.ts'
import { PolicyError, readPolicyFile } from './policy-file.ts'
import { MINUTE_MS } from '../rules/time.ts'
import { type Policy, createPolicy } from '../rules/policy/policy.ts'
import type { CallerDirectory, Clock } from '../service/ports.ts'

/** A policy in force, and the directory that authenticates its callers. */
export type LoadedPolicy = { policy: Policy; callers: CallerDirectory }

/** The settings that watching a policy needs. */
type PolicySettings = FileSettings & Pick<Config, 'OIDC_KEYS_STALE_MINUTES'>
type FileSettings = Pick<Config, 'NODE_ENV' | 'POLICY_FILE' | 'ROOM_NAME_KEY'>

/** Reads the policy file, and checks it against the settings. @throws PolicyError */
export async function readConfiguredPolicy(config: FileSettings, path: string): Promise<PolicyFile> {
  const file = await readPolicyFile(path, config.NODE_ENV !== 'production')
  if (file.rooms.template?.includes('{hash}') === true && config.ROOM_NAME_KEY === undefined) {
    throw new PolicyError([
      `POLICY_FILE ${path}: /rooms/template: {hash} requires ROOM_NAME_KEY; create one with openssl rand -base64 48.`,
    ])
  }
  return file
}

/**
 * Watches the policy file.
 * @param file the policy that was read at the start
 * @param events receives the outcome of every reload
 * @param pollIntervalMs milliseconds between two checks of the file
 */
export function watchPolicy(
  config: PolicySettings,
  file: PolicyFile,
  clock: Clock,
  events: PolicyEvents,
  pollIntervalMs?: number,
): Watched<LoadedPolicy> {
  const allowHttp = config.NODE_ENV !== 'production'
  const findIssuerKeys = cacheIssuerKeys(clock)
  let inForce = file
  const toLoadedPolicy = (read: PolicyFile): LoadedPolicy => {
    inForce = read
    const issuers = (read.issuers ?? []).map((policy) => ({
      policy,
      keys: findIssuerKeys({
        issuer: policy.issuer,
        ...(policy.jwksUri === undefined ? {} : { jwksUri: policy.jwksUri }),
        maxStaleMs: config.OIDC_KEYS_STALE_MINUTES * MINUTE_MS,
        allowHttp,
      }),
    }))
    return { policy: createPolicy(read), callers: createCallerDirectory(read, issuers, clock) }
  }
  const path = config.POLICY_FILE
  const load = async (before: LoadedPolicy) => {
    const read = path === undefined ? file : await readConfiguredPolicy(config, path)
    return JSON.stringify(read) === JSON.stringify(inForce) ? before : toLoadedPolicy(read)
  }
  return watchFiles({
    paths: path === undefined ? [] : [path],
    first: toLoadedPolicy(file),
    load,
    onReload: (outcome) => events.onPolicyReload(outcome),
    onDetached: (paths) => events.onFilesDetached('policy', paths),
    pollIntervalMs,
  })
}

/** Caches the fetched keys by issuer, so that a reload that does not change an issuer keeps its keys. */
function cacheIssuerKeys(clock: Clock): (location: JwksLocation) => ReturnType<typeof createIssuerKeys> {
  const cache = new Map<string, ReturnType<typeof createIssuerKeys>>()
  return (location) => {
    const id = JSON.stringify(location)
    const keys = cache.get(id) ?? createIssuerKeys(location, clock)
    cache.set(id, keys)
    return keys
  }
}
