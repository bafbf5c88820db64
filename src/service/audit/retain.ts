import { CHECKPOINT_CHAIN, type RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import { checkpointHash, extendExpired, type ExpiredEntries } from '../../rules/audit/retention.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { AuditReader, CheckpointStore, Retention } from './ports.ts'
import type { Keys } from '../keys/ports.ts'

export type PlanRetentionDeps = { reader: AuditReader; checkpoints: CheckpointStore }

export type RetainAuditDeps = PlanRetentionDeps & {
  retention: Retention
  ledger: Ledger
  keys: Pick<Keys, 'signStatement'>
  clock: Clock
  /** Waits between two batches, so that other work gets at the database. */
  pause: () => Promise<void>
}

/** The caller and the origin of the entry that records a removal. */
export type RetentionActor = Origin & { caller: string }

/**
 * Finds the expired entries at the beginning of each chain, and the expired checkpoints. It reads page by page.
 * @param since epoch milliseconds; a chain keeps its first entry from this time on and all entries after it
 * @throws ServiceFault `record-unavailable`
 */
export async function* findExpired(
  { reader, checkpoints }: PlanRetentionDeps,
  since: number,
): AsyncGenerator<ExpiredEntries> {
  for (let after = ''; ;) {
    const chains = await reader.listChains(after)
    for (const chain of chains) {
      const expired = await findExpiredIn(chain, since, (sequence) => reader.readOutline(chain, sequence))
      if (expired !== undefined) yield expired
    }
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  const expired = await findExpiredIn(CHECKPOINT_CHAIN, since, async (number) => {
    const page = await checkpoints.readPage(number)
    return page.map(({ number: sequence, time, jws }) => ({ sequence, time, hash: checkpointHash(jws) }))
  })
  if (expired !== undefined) yield expired
}

type Outlined = { sequence: number; time: number; hash: string; writer?: string }

async function findExpiredIn(
  chain: string,
  since: number,
  readPageAfter: (sequence: number) => Promise<Outlined[]>,
): Promise<ExpiredEntries | undefined> {
  let expired: ExpiredEntries | undefined
  let names: Pick<RetentionMarker, 'chain' | 'began' | 'writer'> | undefined
  for (;;) {
    const page = await readPageAfter(expired?.stub.sequence ?? 0)
    const [first] = page
    if (first === undefined) return expired
    names ??= { chain, began: first.time, ...(first.writer === undefined ? {} : { writer: first.writer }) }
    const extended = extendExpired(expired, page, since, names)
    if (extended?.stub.sequence !== page.at(-1)?.sequence) return extended
    expired = extended
  }
}

/**
 * Removes entries and checkpoints that are older than a time, in small batches. Before the first removal it records the
 * action; before each chain's removal it stores a signed retention marker, by which the rest of the chain still verifies.
 * @param since epoch milliseconds
 * @returns how many entries and how many checkpoints it removed
 * @throws ServiceFault `record-unavailable`
 */
export async function retainAudit(
  deps: RetainAuditDeps,
  since: number,
  { caller, ...origin }: RetentionActor,
): Promise<{ entries: number; checkpoints: number }> {
  const { ledger, clock } = deps
  const removed = { entries: 0, checkpoints: 0 }
  let isRecorded = false
  for await (const expired of findExpired(deps, since)) {
    if (!isRecorded) await ledger.append({ ...origin, time: clock(), caller, action: 'audit.retain', outcome: 'done' })
    isRecorded = true
    const count = await removeExpired(deps, expired)
    removed[expired.stub.chain === CHECKPOINT_CHAIN ? 'checkpoints' : 'entries'] += count
  }
  return removed
}

async function removeExpired(
  { retention, keys, clock, pause }: RetainAuditDeps,
  { stub }: ExpiredEntries,
): Promise<number> {
  // The first entry names the writer and the begin of the chain; if it was removed before, the previous marker does.
  const { writer, began } = (await retention.findMarker(stub.chain)) ?? stub
  const marker: RetentionMarker = {
    ...stub,
    began,
    ...(writer === undefined ? {} : { writer }),
    iat: Math.floor(clock() / 1000),
  }
  await retention.saveMarker(marker, await keys.signStatement('audit-stub', marker))
  let removed = 0
  for (;;) {
    const count = await retention.remove(stub.chain)
    if (count === 0) return removed
    removed += count
    await pause()
  }
}
