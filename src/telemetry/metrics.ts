import { type GaugeSources, watchChangeBus, watchRevocations, watchKeyRing, watchSigning } from './gauges.ts'
import { collectDefaultMetrics, Registry } from 'prom-client'
import {
  consultationMetrics,
  limiterMetrics,
  recordMetrics,
  reloadMetrics,
  renewalMetrics,
  requestMetrics,
  signingMetrics,
  tokenMetrics,
} from './counters.ts'

/** The counters of one service, and how Prometheus reads them (Prometheus exposition format). */
export type Metrics = ReturnType<typeof openMetrics>

/**
 * Makes the counters of one service. No label comes from a request, but for ids that the policy names.
 * @param deployment which Jitsi the tokens are for
 */
export function openMetrics(deployment: string) {
  const registry = new Registry()
  const registers = [registry]
  return {
    ...requestMetrics(registers),
    ...tokenMetrics(registers, deployment),
    ...consultationMetrics(registers),
    ...renewalMetrics(registers),
    ...signingMetrics(registers),
    ...recordMetrics(registers),
    ...limiterMetrics(registers),
    ...reloadMetrics(registers),
    /** Reads these values whenever the metrics are scraped. */
    watch(watched: GaugeSources): void {
      watchSigning(registry, watched.signing)
      watchKeyRing(registry, watched)
      watchRevocations(registry, watched)
      watchChangeBus(registry, watched.changeBusUp)
    },
    /** Adds the default metrics of a process: memory, CPU, event loop, garbage collection. */
    watchProcess: (): void => collectDefaultMetrics({ register: registry }),
    text: (): Promise<string> => registry.metrics(),
    contentType: registry.contentType as string,
  }
}
