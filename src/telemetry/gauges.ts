import type { Clock } from '../service/ports.ts'
import type { KeyRingStatus, SigningLoad } from '../service/keys/ports.ts'
import { Gauge, type Registry } from 'prom-client'
import { DAY_MS } from '../rules/time.ts'

/** Registers a gauge that is read on each scrape. @param read returns undefined to leave the gauge out */
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
  registerGauge(registry, 'jts_signing_queue_depth', 'Signatures waiting in the queue.', () => signing.waiting())
  registerGauge(registry, 'jts_signing_under_way', 'Signatures running in the thread pool.', () => signing.running())
  registerGauge(
    registry,
    'jts_signing_expected_wait_seconds',
    'Seconds that a new signature would wait in the queue.',
    () => signing.expectedWaitMs() / 1000,
  )
}

export function watchRevocations(registry: Registry, { revocations }: GaugeSources): void {
  registerGauge(
    registry,
    'jts_revocations_in_force',
    'Revocations in force in the index of this instance.',
    revocations,
  )
}

export function watchChangeBus(registry: Registry, isUp: () => boolean): void {
  registerGauge(
    registry,
    'jts_change_bus_up',
    '1 while this instance receives changes from the other instances, 0 otherwise.',
    () => Number(isUp()),
  )
}

export function watchKeyRing(registry: Registry, { ring, clock, rotationDays }: GaugeSources): void {
  const ageSeconds = () => {
    const since = ring()?.activeSince
    return since === undefined ? undefined : (clock() - since) / 1000
  }
  registerGauge(registry, 'jts_key_active_age_seconds', 'Seconds since the active key was first seen.', ageSeconds)
  registerGauge(
    registry,
    'jts_key_rotation_due_seconds',
    'Seconds until the active key is due for rotation; negative when overdue.',
    () => {
      const age = ageSeconds()
      return age === undefined ? undefined : (rotationDays * DAY_MS) / 1000 - age
    },
  )
  registerGauge(
    registry,
    'jts_key_activation_pending_timestamp_seconds',
    'When the selected key will sign, in seconds since the epoch; 0 if it signs.',
    () => {
      const status = ring()
      return status && (status.pendingUntil ?? 0) / 1000
    },
  )
  const keys = new Gauge({
    name: 'jts_keys',
    help: 'Keys by state: active, next, retired.',
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

/** The values that are read on each scrape. */
export type GaugeSources = {
  signing: SigningLoad
  /** Undefined if a shared secret signs, which has no key ring. */
  ring: () => KeyRingStatus | undefined
  clock: Clock
  /** The number of revocations in force. */
  revocations: () => number
  /** Whether this instance receives the changes of others. */
  changeBusUp: () => boolean
  /** The age in days at which the active key is due for rotation. */
  rotationDays: number
}
