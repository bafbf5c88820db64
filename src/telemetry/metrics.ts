import { type GaugeSources, watchChangeBus, watchRevocations, watchKeyRing, watchSigning } from './gauges.ts'
import { createConsultationMetrics, createRenewalMetrics } from './consultation-counters.ts'
import { collectDefaultMetrics, Registry } from 'prom-client'
import {
  createLimiterMetrics,
  createRecordMetrics,
  createReloadMetrics,
  createRequestMetrics,
  createSigningMetrics,
  createTokenMetrics,
} from './counters.ts'

/** The metrics of one service, and their text in the Prometheus exposition format. */
export type Metrics = ReturnType<typeof createMetrics>

/**
 * Creates the metrics of one service. The only label values from requests are ids that the policy defines, so their number
 * is bounded.
 * @param deployment the Jitsi deployment that accepts the tokens
 */
export function createMetrics(deployment: string) {
  const registry = new Registry()
  const registers = [registry]
  return {
    ...createRequestMetrics(registers),
    ...createTokenMetrics(registers, deployment),
    ...createConsultationMetrics(registers),
    ...createRenewalMetrics(registers),
    ...createSigningMetrics(registers),
    ...createRecordMetrics(registers),
    ...createLimiterMetrics(registers),
    ...createReloadMetrics(registers),
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
