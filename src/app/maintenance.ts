import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { retentionStart } from '../rules/audit/retention.ts'
import { DAY_MS, MINUTE_MS } from '../rules/time.ts'
import { createCheckpointTaker } from '../service/audit/checkpoint.ts'
import type { Clock } from '../service/ports.ts'
import type { Ledger } from '../service/ports.ts'
import type { Keys } from '../service/keys/ports.ts'
import { deleteConsultations } from '../service/consultations/delete.ts'
import { retainAudit, type RetentionActor } from '../service/audit/retain.ts'
import type { Store } from '../store/open.ts'

/** What keeping the record in order needs. */
export type MaintenanceDeps = {
  record: CountedRecord
  keys: Pick<Keys, 'signStatement'>
  clock: Clock
  onError: (error: Error) => void
}

/** How often it is asked whether a checkpoint is due. */
const TICK_MS = 1000

/** How long others have the database between two batches of a removal. */
const PAUSE_MS = 20

/** A record that counts what its ledger keeps. */
export type CountedRecord = Store & { entryCount(): number }

export function countEntries(record: Store): CountedRecord {
  let kept = 0
  const append: Ledger['append'] = (entry) => record.ledger.append(entry).then(() => void (kept += 1))
  return { ...record, ledger: { ...record.ledger, append }, entryCount: () => kept }
}

/** Does something over and over, never twice at once. */
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

/** Takes a checkpoint every so many entries of this instance or minutes, whichever comes first, and one at the end. */
function takeCheckpoints(
  { AUDIT_CHECKPOINT_ENTRIES, AUDIT_CHECKPOINT_MINUTES }: Config,
  { record, keys, clock, onError }: MaintenanceDeps,
) {
  const take = createCheckpointTaker({ ...record, keys, clock })
  let last = { kept: 0, at: performance.now() }
  const takeIfDue = async () => {
    const now = { kept: record.entryCount(), at: performance.now() }
    const due =
      now.kept - last.kept >= AUDIT_CHECKPOINT_ENTRIES || now.at - last.at >= AUDIT_CHECKPOINT_MINUTES * MINUTE_MS
    if (!due) return
    last = now
    await take()
  }
  const looks = repeatEvery(TICK_MS, takeIfDue, onError)
  return {
    async end() {
      await looks.end()
      await take().catch(onError)
    },
  }
}

/** What keeps the record in order. */
export type Maintenance = {
  /** Removes what is older than the settings say. @throws ServiceFault `record-unavailable` */
  retain(by: RetentionActor): Promise<{ entries: number; checkpoints: number }>
  /** Does so now, and every day from now on; consultations that ended long ago are forgotten too, and idempotent
   * answers of the day before. */
  retainDaily(by: () => RetentionActor): void
  /** Ends what is under way; the next run goes on from there. @param last makes the last entry, which is signed too */
  end(last: () => Promise<void>): Promise<void>
}

/** Begins to keep the record in order. */
export function startMaintenance(config: Config, deps: MaintenanceDeps): Maintenance {
  const checkpoints = takeCheckpoints(config, deps)
  const { retain, daily, end } = startRetention(config, deps)
  return {
    retain,
    retainDaily: daily,
    async end(last) {
      await end()
      await last()
      await checkpoints.end()
    },
  }
}

function startRetention(
  { AUDIT_RETENTION_DAYS, CONSULTATION_RETENTION_DAYS }: Config,
  { record, keys, clock, onError }: MaintenanceDeps,
) {
  const state = { ending: false }
  const pause = async () => {
    await setTimeout(PAUSE_MS)
    if (state.ending) throw new Error('stopped; the next run goes on from here')
  }
  const deps = { ...record, keys, clock, pause }
  const retain = async (by: RetentionActor) => {
    const since = retentionStart(AUDIT_RETENTION_DAYS, clock())
    return since === undefined ? { entries: 0, checkpoints: 0 } : retainAudit(deps, since, by)
  }
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
