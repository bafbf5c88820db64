import type { Readiness } from '../contract/health.ts'
import type { Clock, Ledger } from './ports.ts'

/** How long a result of the store's probe is reused, in milliseconds: frequent health checks must not load the disk. */
const PROBE_VALID_MS = 1000

export type ReadinessDeps = {
  ledger: Ledger
  keys: { isStale(): boolean }
  clock: Clock
  /** Whether the service still accepts requests; false during shutdown. */
  accepting: () => boolean
}

/**
 * Creates the readiness check. `signingKey` is always `ok`: the signing key passes a self-test before the service listens.
 */
export function createReadinessCheck({ ledger, keys, clock, accepting }: ReadinessDeps): () => Promise<Readiness> {
  let lastProbe: { at: number; isOk: Promise<boolean> } | undefined
  // The absolute distance: after the clock was set back, the last probe would otherwise stay valid for too long.
  const isValid = (at: number) => Math.abs(clock() - at) < PROBE_VALID_MS
  return async () => {
    if (lastProbe === undefined || !isValid(lastProbe.at)) {
      lastProbe = {
        at: clock(),
        isOk: ledger.probe().then(
          () => true,
          () => false,
        ),
      }
    }
    const isStoreOk = await lastProbe.isOk
    const isAccepting = accepting()
    return {
      ready: isStoreOk && isAccepting,
      checks: {
        signingKey: 'ok',
        keyRing: toStatus(!keys.isStale()),
        store: toStatus(isStoreOk),
        accepting: toStatus(isAccepting),
      },
    }
  }
}

const toStatus = (isOk: boolean): 'ok' | 'failing' => (isOk ? 'ok' : 'failing')
