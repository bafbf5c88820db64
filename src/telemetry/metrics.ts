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

/** The metrics of one service, and their text in the Prometheus exposition format. */
export type Metrics = ReturnType<typeof openMetrics>

/**
 * Creates the metrics of one service. The only label values from requests are ids that the policy defines, so their number
 * is bounded.
 * @param deployment the Jitsi deployment that accepts the tokens
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
    /** Adds the gauges that read these sources on each scrape. */
    watch(sources: GaugeSources): void {
      watchSigning(registry, sources.signing)
      watchKeyRing(registry, sources)
      watchRevocations(registry, sources)
      watchChangeBus(registry, sources.changeBusUp)
    },
    /** Adds the default metrics of a process: memory, CPU, event loop, garbage collection. */
    watchProcess: (): void => collectDefaultMetrics({ register: registry }),
    text: (): Promise<string> => registry.metrics(),
    contentType: registry.contentType as string,
  }
}
