import { createCallerDirectory } from '../auth/directory.ts'
import { createIssuerKeys, type JwksLocation } from '../auth/issuer-keys.ts'
import type { Config } from '../config/config.ts'
import type { PolicyFile } from '../contract/policy/policy.ts'
import { watchFiles, type Watched } from './watch-files.ts'
import type { ReloadOutcome } from '../service/events.ts'
import { PolicyError, readPolicyFile } from './policy-file.ts'
import { MINUTE_MS } from '../rules/time.ts'
import { type Policy, createPolicy } from '../rules/policy/policy.ts'
import type { CallerDirectory, Clock } from '../service/ports.ts'

/** A policy in force: what it decides, and whom it knows. */
export type LoadedPolicy = { policy: Policy; callers: CallerDirectory }

/** What following a policy needs of the settings. */
type PolicySettings = FileSettings & Pick<Config, 'OIDC_KEYS_STALE_MINUTES'>
type FileSettings = Pick<Config, 'NODE_ENV' | 'POLICY_FILE' | 'ROOM_NAME_KEY'>

/** Reads the policy file that the settings name, as far as they allow what it says. @throws PolicyError */
export async function readConfiguredPolicy(config: FileSettings, path: string): Promise<PolicyFile> {
  const file = await readPolicyFile(path, config.NODE_ENV !== 'production')
  if (file.rooms.template?.includes('{hash}') === true && config.ROOM_NAME_KEY === undefined) {
    throw new PolicyError([
      `POLICY_FILE ${path}: /rooms/template: {hash} needs ROOM_NAME_KEY; make one with openssl rand -base64 48.`,
    ])
  }
  return file
}

/**
 * The policy of a file, kept up to date.
 * @param file what was read at the start
 * @param tell is told how a reload ended
 */
export function watchPolicy(
  config: PolicySettings,
  file: PolicyFile,
  clock: Clock,
  tell: (outcome: ReloadOutcome) => void,
): Watched<LoadedPolicy> {
  const allowHttp = config.NODE_ENV !== 'production'
  const keysOf = issuerKeysByPlace(clock)
  const loaded = (read: PolicyFile): LoadedPolicy => {
    const issuers = (read.issuers ?? []).map((policy) => ({
      policy,
      keys: keysOf({
        issuer: policy.issuer,
        ...(policy.jwksUri === undefined ? {} : { jwksUri: policy.jwksUri }),
        maxStaleMs: config.OIDC_KEYS_STALE_MINUTES * MINUTE_MS,
        allowHttp,
      }),
    }))
    return { policy: createPolicy(read), callers: createCallerDirectory(read, issuers, clock) }
  }
  const path = config.POLICY_FILE
  const load = async () => loaded(path === undefined ? file : await readConfiguredPolicy(config, path))
  return watchFiles({ paths: path === undefined ? [] : [path], first: loaded(file), load, onReload: tell })
}

/** A reload that leaves an issuer as it is keeps the keys that were fetched for it. */
function issuerKeysByPlace(clock: Clock): (place: JwksLocation) => ReturnType<typeof createIssuerKeys> {
  const known = new Map<string, ReturnType<typeof createIssuerKeys>>()
  return (place) => {
    const id = JSON.stringify(place)
    const keys = known.get(id) ?? createIssuerKeys(place, clock)
    known.set(id, keys)
    return keys
  }
}
