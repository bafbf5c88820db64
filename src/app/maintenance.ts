import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { retentionStart, retentionStartsOf } from '../rules/audit/retention.ts'
import { DAY_MS, MINUTE_MS } from '../rules/time.ts'
import { createCheckpointTaker } from '../service/audit/checkpoint.ts'
import type { Clock, FailureRecorder } from '../service/ports.ts'
import type { Ledger } from '../service/ports.ts'
import type { Keys } from '../service/keys/ports.ts'
import { deleteConsultations } from '../service/consultations/delete.ts'
import { retainAudit, type RetentionActor } from '../service/audit/retain.ts'
import type { Store } from '../store/open.ts'

/** The dependencies of maintenance. */
export type MaintenanceDeps = {
  record: CountedRecord
  keys: Pick<Keys, 'signStatement'>
  failures: Pick<FailureRecorder, 'flush'>
  clock: Clock
  onError: (error: Error) => void
}

/** How often to check whether a checkpoint is due, in milliseconds. */
const TICK_MS = 1000

/** Pause between two batches of a removal, in milliseconds, in which other statements reach the database. */
const PAUSE_MS = 20

/** A record that counts the entries appended through it. */
export type CountedRecord = Store & { entryCount(): number }

/** @returns the same record, which counts the entries that this process appends */
export function countEntries(record: Store): CountedRecord {
  let entries = 0
  const count = (ledger: Ledger): Ledger => ({
    ...ledger,
    append: (entry) => ledger.append(entry).then((position) => ((entries += 1), position)),
  })
  const ledgers = { ledger: count(record.ledger), anonymousLedger: count(record.anonymousLedger) }
  return { ...record, ...ledgers, entryCount: () => entries }
}

/** Runs a task at an interval, in milliseconds. A run that is due while another is in progress is skipped. */
function repeatEvery(ms: number, task: () => Promise<unknown>, onError: (error: Error) => void) {
  let last: Promise<unknown> | undefined
  const run = () =>
    (last ??= task()
      .catch(onError)
      .finally(() => (last = undefined)))
  const timer = setInterval(() => void run(), ms).unref()
  return {
    run,
    async end() {
      clearInterval(timer)
      await last
    },
  }
}

/** Takes a checkpoint after AUDIT_CHECKPOINT_ENTRIES or AUDIT_CHECKPOINT_MINUTES, whichever comes first, and one at the end. */
function takeCheckpoints(
  { AUDIT_CHECKPOINT_ENTRIES, AUDIT_CHECKPOINT_MINUTES }: Config,
  { record, keys, clock, onError }: MaintenanceDeps,
) {
  const take = createCheckpointTaker({ ...record, keys, clock })
  let last = { entries: 0, at: performance.now() }
  const takeIfDue = async () => {
    const now = { entries: record.entryCount(), at: performance.now() }
    const due =
      now.entries - last.entries >= AUDIT_CHECKPOINT_ENTRIES || now.at - last.at >= AUDIT_CHECKPOINT_MINUTES * MINUTE_MS
    if (!due) return
    last = now
    await take()
  }
  const checks = repeatEvery(TICK_MS, takeIfDue, onError)
  return {
    async end() {
      await checks.end()
      await take().catch(onError)
    },
  }
}

/** The periodic work on the record: checkpoints and retention. */
export type Maintenance = {
  /** Removes entries older than AUDIT_RETENTION_DAYS or AUDIT_ANONYMOUS_RETENTION_DAYS. @throws ServiceFault `record-unavailable` */
  retain(by: RetentionActor): Promise<{ entries: number; checkpoints: number }>
  /**
   * Removes them at once and then every day, together with consultations older than CONSULTATION_RETENTION_DAYS and
   * idempotent answers older than a day.
   */
  retainDaily(by: () => RetentionActor): void
  /**
   * Stops the maintenance; a removal in progress stops after its batch, and the next run continues it.
   * @param last appends the last entry, which the final checkpoint covers
   */
  end(last: () => Promise<void>): Promise<void>
}

/** Starts the maintenance of the record. Retention starts with `retainDaily`. */
export function startMaintenance(config: Config, deps: MaintenanceDeps): Maintenance {
  const checkpoints = takeCheckpoints(config, deps)
  const flushes = repeatEvery(MINUTE_MS, () => deps.failures.flush(), deps.onError)
  const { retain, daily, end } = startRetention(config, deps)
  return {
    retain,
    retainDaily: daily,
    async end(last) {
      await end()
      await flushes.end()
      await deps.failures.flush().catch(deps.onError)
      await last()
      await checkpoints.end()
    },
  }
}

function startRetention(
  { AUDIT_RETENTION_DAYS, AUDIT_ANONYMOUS_RETENTION_DAYS, CONSULTATION_RETENTION_DAYS }: Config,
  { record, keys, clock, onError }: MaintenanceDeps,
) {
  const state = { ending: false }
  const pause = async () => {
    await setTimeout(PAUSE_MS)
    if (state.ending) throw new Error('stopped; the next run continues from here')
  }
  const deps = { ...record, keys, clock, pause }
  const days = { entries: AUDIT_RETENTION_DAYS, anonymous: AUDIT_ANONYMOUS_RETENTION_DAYS }
  const retain = (by: RetentionActor) => retainAudit(deps, retentionStartsOf(days, clock()), by)
  let runs: ReturnType<typeof repeatEvery> | undefined
  return {
    retain,
    daily(by: () => RetentionActor) {
      runs = repeatEvery(
        DAY_MS,
        async () => {
          await record.consultations.deleteAnswers(clock() - DAY_MS)
          const before = retentionStart(CONSULTATION_RETENTION_DAYS, clock())
          if (before !== undefined) await deleteConsultations(deps, before, by())
          await retain(by())
        },
        (error) => (state.ending ? undefined : onError(error)),
      )
      void runs.run()
    },
    async end() {
      state.ending = true
      await runs?.end()
    },
  }
}
