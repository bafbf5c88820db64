import type { Readiness } from '../contract/health.ts'
import type { Clock } from './ports.ts'
import type { Ledger } from './ports.ts'

/** How long an answer of the store holds, in milliseconds: probes come as often as they like, the disk is asked less. */
const PROBE_VALID_MS = 1000

/** What readiness depends on; `accepting` tells whether the service still takes requests. */
export type ReadinessDeps = { ledger: Ledger; keys: { isStale(): boolean }; clock: Clock; accepting: () => boolean }

/**
 * Makes the question whether traffic should come here. The signing key passed its self-test before the service
 * listens, so it is there whenever somebody can ask.
 */
export function createReadinessCheck({ ledger, keys, clock, accepting }: ReadinessDeps): () => Promise<Readiness> {
  let last: { at: number; ok: Promise<boolean> } | undefined
  // A clock that was set back would otherwise keep an answer until it has caught up.
  const holds = (at: number) => Math.abs(clock() - at) < PROBE_VALID_MS
  return async () => {
    if (last === undefined || !holds(last.at)) {
      last = { at: clock(), ok: ledger.probe().then(always(true), always(false)) }
    }
    const store = await last.ok
    const open = accepting()
    return {
      ready: store && open,
      checks: { signingKey: 'ok', keyRing: word(!keys.isStale()), store: word(store), accepting: word(open) },
    }
  }
}

const always = (value: boolean) => (): boolean => value
const word = (ok: boolean): 'ok' | 'failing' => (ok ? 'ok' : 'failing')
