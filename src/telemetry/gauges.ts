import type { Clock } from '../service/ports.ts'
import type { KeyRingStatus, SigningLoad } from '../service/keys/ports.ts'
import { Gauge, type Registry } from 'prom-client'
import { DAY_MS } from '../rules/time.ts'

/** A gauge that is read when the metrics are asked for; @param read undefined where there is nothing to tell */
function registerGauge(registry: Registry, name: string, help: string, read: () => number | undefined): void {
  const gauge = new Gauge({
    name,
    help,
    registers: [],
    collect() {
      const value = read()
      if (value === undefined) this.remove()
      else this.set(value)
    },
  })
  registry.registerMetric(gauge)
}

export function watchSigning(registry: Registry, signing: SigningLoad): void {
  registerGauge(registry, 'jts_signing_queue_depth', 'Signatures that wait for their turn', () => signing.waiting())
  registerGauge(registry, 'jts_signing_under_way', 'Signatures that were handed to the pool', () => signing.running())
  registerGauge(
    registry,
    'jts_signing_expected_wait_seconds',
    'How long a signature that comes now would wait for its turn',
    () => signing.expectedWaitMs() / 1000,
  )
}

export function watchRevocations(registry: Registry, { revocations }: GaugeSources): void {
  registerGauge(
    registry,
    'jts_revocations_in_force',
    'Revocations that are in force, as this instance knows',
    revocations,
  )
}

export function watchChangeBus(registry: Registry, isUp: () => boolean): void {
  registerGauge(
    registry,
    'jts_change_bus_up',
    '1 while this instance hears what the others change, 0 while it does not',
    () => Number(isUp()),
  )
}

export function watchKeyRing(registry: Registry, { ring, clock, rotationDays }: GaugeSources): void {
  const ageSeconds = () => {
    const since = ring()?.activeSince
    return since === undefined ? undefined : (clock() - since) / 1000
  }
  registerGauge(registry, 'jts_key_active_age_seconds', 'How long ago the key that signs was first seen', ageSeconds)
  registerGauge(
    registry,
    'jts_key_rotation_due_seconds',
    'How long until the key that signs should be replaced; negative once it is late',
    () => {
      const age = ageSeconds()
      return age === undefined ? undefined : (rotationDays * DAY_MS) / 1000 - age
    },
  )
  const keys = new Gauge({
    name: 'jts_keys',
    help: 'Keys by state: active, next, retired',
    labelNames: ['state'],
    registers: [],
    collect() {
      const states = ring()?.states ?? []
      for (const state of ['active', 'next', 'retired'])
        this.set({ state }, states.filter((each) => each === state).length)
    },
  })
  registry.registerMetric(keys)
}

/** What is read whenever the metrics are asked for. */
export type GaugeSources = {
  signing: SigningLoad
  /** Undefined where there is no ring. */
  ring: () => KeyRingStatus | undefined
  clock: Clock
  /** How many revocations are in force. */
  revocations: () => number
  /** Whether this instance hears what others change. */
  changeBusUp: () => boolean
  /** How old the key that signs may become. */
  rotationDays: number
}
