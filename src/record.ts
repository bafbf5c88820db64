import { randomUUID } from 'node:crypto'
import { type Config, ConfigurationError } from './config.ts'
import type { AuditEntry } from './contract/audit.ts'
import type { Events } from './events.ts'
import type { ReloadOutcome } from './follow.ts'
import { link } from './rules/audit.ts'
import type { Clock, Ledger } from './service/ports.ts'
import { openStore, type Store } from './store/open.ts'

/** Does something every so many minutes, and once more at the end. */
export function everyMinutes(minutes: number, task: () => Promise<void>, onError: (error: Error) => void) {
  const run = () => task().catch(onError)
  const timer = setInterval(() => void run(), minutes * 60_000).unref()
  return {
    end() {
      clearInterval(timer)
      return run()
    },
  }
}

/** Tells how a reload of the policy ended, and records it. */
export const recording =
  (note: ReturnType<typeof notesIn>, events: Events, broke: (error: Error) => void) =>
  (outcome: ReloadOutcome): void => {
    events.policyReloaded(outcome)
    note('policy.reload', outcome.fault === undefined ? 'done' : 'refused').catch(broke)
  }

/** Records what nobody asked for. */
export const notesIn =
  (ledger: Ledger, clock: Clock) =>
  (action: AuditEntry['action'], outcome: AuditEntry['outcome'] = 'done'): Promise<void> =>
    ledger.append({ time: clock(), requestId: randomUUID(), caller: '-', action, outcome })

/**
 * Opens the record alone.
 * @param writer whose entries it takes, should there be any
 * @throws ConfigurationError
 */
export async function openRecord(
  { DATABASE_URL }: Pick<Config, 'DATABASE_URL'>,
  writer: string,
  onError: (error: Error) => void = () => undefined,
): Promise<Store> {
  try {
    return await openStore(DATABASE_URL, { name: writer, chain: randomUUID() }, link, onError)
  } catch (error) {
    const { message } = error as Error
    throw new ConfigurationError([
      `DATABASE_URL: the database cannot be opened (${message}); name one that this process may reach and write.`,
    ])
  }
}

/** Opens the record alone for a piece of work, and closes it however that ends. @throws what `openRecord` and the work do */
export async function withRecord<T>(
  config: Pick<Config, 'DATABASE_URL'>,
  writer: string,
  use: (record: Store) => Promise<T>,
): Promise<T> {
  const record = await openRecord(config, writer)
  try {
    return await use(record)
  } finally {
    await record.close()
  }
}
