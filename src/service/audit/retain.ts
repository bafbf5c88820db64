import { CHECKPOINT_CHAIN, type RetentionMarker } from '../../contract/audit/checkpoint.ts'
import type { Origin } from '../../contract/audit/audit-entry.ts'
import {
  checkpointHash,
  extendExpired,
  type ExpiredEntries,
  type RetentionStarts,
  startFor,
} from '../../rules/audit/retention.ts'
import type { Clock, Ledger } from '../ports.ts'
import type { AuditReader, CheckpointStore, Retention } from './ports.ts'
import type { Keys } from '../keys/ports.ts'

export type PlanRetentionDeps = {
  reader: AuditReader
  checkpoints: CheckpointStore
  retention: Pick<Retention, 'findMarker'>
}

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
 * @param starts a chain keeps its first entry from this time on and all entries after it
 * @throws ServiceFault `record-unavailable`
 */
export async function* findExpired(
  { reader, checkpoints, retention }: PlanRetentionDeps,
  starts: RetentionStarts,
): AsyncGenerator<ExpiredEntries> {
  for (let after = ''; ;) {
    const chains = await reader.listChains(after)
    for (const chain of chains) {
      const expired = await findExpiredIn(
        chain,
        async (writer) => startFor(starts, writer ?? (await retention.findMarker(chain))?.writer),
        (sequence) => reader.readOutline(chain, sequence),
      )
      if (expired !== undefined) yield expired
    }
    after = chains.at(-1) ?? ''
    if (after === '') break
  }
  const readCheckpoints = async (after: number) => {
    const page = await checkpoints.readPage(after)
    return page.map(({ number: sequence, time, jws }) => ({ sequence, time, hash: checkpointHash(jws) }))
  }
  const expired = await findExpiredIn(CHECKPOINT_CHAIN, async () => starts.entries, readCheckpoints)
  if (expired !== undefined) yield expired
}

type Outlined = { sequence: number; time: number; hash: string; writer?: string }

/** @param findStart returns the time from which the entries of a writer are kept */
async function findExpiredIn(
  chain: string,
  findStart: (writer: string | undefined) => Promise<number>,
  readPageAfter: (sequence: number) => Promise<Outlined[]>,
): Promise<ExpiredEntries | undefined> {
  let expired: ExpiredEntries | undefined
  let names: Pick<RetentionMarker, 'chain' | 'began' | 'writer'> | undefined
  let since: number | undefined
  for (;;) {
    const page = await readPageAfter(expired?.stub.sequence ?? 0)
    const [first] = page
    if (first === undefined) return expired
    names ??= { chain, began: first.time, ...(first.writer === undefined ? {} : { writer: first.writer }) }
    since ??= await findStart(first.writer)
    const extended = extendExpired(expired, page, since, names)
    if (extended?.stub.sequence !== page.at(-1)?.sequence) return extended
    expired = extended
  }
}

/**
 * Removes entries and checkpoints that are older than a time, in small batches. Before the first removal it records the
 * action; before each chain's removal it stores a signed retention marker, by which the rest of the chain still verifies.
 * @param starts the times from which entries are kept
 * @returns how many entries and how many checkpoints it removed
 * @throws ServiceFault `record-unavailable`
 */
export async function retainAudit(
  deps: RetainAuditDeps,
  starts: RetentionStarts,
  { caller, ...origin }: RetentionActor,
): Promise<{ entries: number; checkpoints: number }> {
  const { ledger, clock } = deps
  const removed = { entries: 0, checkpoints: 0 }
  let isRecorded = false
  for await (const expired of findExpired(deps, starts)) {
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
