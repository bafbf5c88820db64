import type { Readiness } from '../contract/health.ts'
import type { Clock, Ledger } from './ports.ts'

/** How long an answer of the store holds, in milliseconds: probes come as often as they like, the disk is asked less. */
const PROBE_VALID_MS = 1000

/**
 * Makes the question whether traffic should come here. The signing key passed its self-test before the service
 * listens, so it is there whenever somebody can ask.
 * @param accepting tells whether the service still takes requests
 */
export function readinessOf(ledger: Ledger, clock: Clock, accepting: () => boolean): () => Promise<Readiness> {
  let last: { at: number; ok: Promise<boolean> } | undefined
  return async () => {
    if (last === undefined || clock() - last.at >= PROBE_VALID_MS) {
      last = { at: clock(), ok: ledger.probe().then(always(true), always(false)) }
    }
    const store = await last.ok
    const open = accepting()
    return {
      ready: store && open,
      checks: { signingKey: 'ok', store: word(store), accepting: word(open) },
    }
  }
}

const always = (value: boolean) => (): boolean => value
const word = (ok: boolean): 'ok' | 'failing' => (ok ? 'ok' : 'failing')
