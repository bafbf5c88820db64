import { unwatchFile, watchFile } from 'node:fs'
import { callerDirectory } from './callers/directory.ts'
import { issuerKeys, type KeysPlace } from './callers/issuer-keys.ts'
import type { Config } from './config.ts'
import type { PolicyFile } from './contract/policy.ts'
import { readPolicyFile } from './policy-file.ts'
import { type Policy, policyOf } from './rules/policy.ts'
import type { CallerDirectory, Clock } from './service/ports.ts'

/** How often the file is looked at, in milliseconds: a look sees what watching misses, on network mounts for one. */
const LOOK_EVERY_MS = 2000

/** Something that was loaded from a file, and follows it. */
export type Source<T> = {
  /** What is in force. */
  current(): T
  /** Loads anew; what cannot be loaded leaves in force what is. Never throws. */
  reload(): Promise<void>
  close(): void
}

/**
 * Follows a file: when it changes, it is loaded anew.
 * @param path the file, or undefined for a source that never changes
 * @param first what is in force at the beginning
 * @param load loads the file; throws where it is broken
 * @param tell is told how a reload ended
 */
export function followFile<T>(
  path: string | undefined,
  first: T,
  load: () => Promise<T>,
  tell: (fault?: unknown) => void,
): Source<T> {
  let current = first
  // One at a time, in order: the last change wins.
  let last = Promise.resolve()
  const reload = (): Promise<void> => {
    last = last.then(load).then(
      (loaded) => {
        current = loaded
        tell()
      },
      (fault: unknown) => tell(fault ?? new Error('unknown fault')),
    )
    return last
  }
  const onChange = () => void reload()
  if (path !== undefined) watchFile(path, { persistent: false, interval: LOOK_EVERY_MS }, onChange)
  return {
    current: () => current,
    reload,
    close: () => path !== undefined && unwatchFile(path, onChange),
  }
}

/** A policy in force: what it decides, and whom it knows. */
export type LoadedPolicy = { policy: Policy; callers: CallerDirectory }

/** What following a policy needs of the settings. */
type PolicySettings = Pick<Config, 'NODE_ENV' | 'POLICY_FILE' | 'OIDC_KEYS_STALE_MINUTES'>

/**
 * The policy of a file, kept up to date.
 * @param file what was read at the start
 * @param tell is told how a reload ended
 */
export function followPolicy(
  config: PolicySettings,
  file: PolicyFile,
  clock: Clock,
  tell: (fault?: unknown) => void,
): Source<LoadedPolicy> {
  const allowHttp = config.NODE_ENV !== 'production'
  const keysOf = issuerKeysByPlace(clock)
  const loaded = (read: PolicyFile): LoadedPolicy => {
    const issuers = (read.issuers ?? []).map((policy) => ({
      policy,
      keys: keysOf({
        issuer: policy.issuer,
        ...(policy.jwksUri === undefined ? {} : { jwksUri: policy.jwksUri }),
        maxStaleMs: config.OIDC_KEYS_STALE_MINUTES * 60_000,
        allowHttp,
      }),
    }))
    return { policy: policyOf(read), callers: callerDirectory(read, issuers, clock) }
  }
  const path = config.POLICY_FILE
  const load = async () => loaded(path === undefined ? file : await readPolicyFile(path, allowHttp))
  return followFile(path, loaded(file), load, tell)
}

/** A reload that leaves an issuer as it is keeps the keys that were fetched for it. */
function issuerKeysByPlace(clock: Clock): (place: KeysPlace) => ReturnType<typeof issuerKeys> {
  const known = new Map<string, ReturnType<typeof issuerKeys>>()
  return (place) => {
    const id = JSON.stringify(place)
    const keys = known.get(id) ?? issuerKeys(place, clock)
    known.set(id, keys)
    return keys
  }
}
