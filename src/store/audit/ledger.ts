import type { CommitEvents } from '../../service/events.ts'
import { CompiledQuery, sql } from 'kysely'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../../contract/audit/audit-entry.ts'
import type { ChainHead } from '../../contract/audit/checkpoint.ts'
import { ServiceFault } from '../../service/fault.ts'
import type { Ledger } from '../../service/ports.ts'
import { orUnavailable } from '../database/errors.ts'
import { toRow, toValues } from './row.ts'
import { createCommitScheduler } from './commit-scheduler.ts'
import type { Database } from '../database/schema.ts'

/** How a chain grows: given its end and the next entry, the next as it is kept. */
export type LinkEntry = (end: ChainEnd, entry: AuditEntry) => ChainedEntry

/** Whose chain it is. Every start of a writer begins a chain of its own, so that no writer waits for another. */
export type Writer = { name: string; chain: string }

type Waiting = { entry: AuditEntry; kept: () => void; lost: (fault: ServiceFault) => void }

/** Rows of one INSERT. It bounds the number of distinct statements, and stays far under SQLite's limit of variables. */
const MAX_BATCH = 128

/** Entries that may wait for the disk; past it the record counts as unavailable. */
const MAX_WAITING = 10_000

/**
 * Keeps entries in groups: what was appended in one turn of the event loop is committed by one statement, and each promise
 * resolves once its group is on disk.
 * @param link links an entry to the one before
 * @param events is told of each commit
 * @param waitMs how long whoever comes now waits for something else, in milliseconds
 */
export function openLedger(
  db: Database,
  writer: Writer,
  link: LinkEntry,
  events: CommitEvents,
  waitMs: () => number = () => 0,
): Ledger {
  const waiting: Waiting[] = []
  const commit = createCommitter(db, writer, link)
  const pace = createCommitScheduler(waitMs)
  let committing = false

  async function commitWaiting(): Promise<void> {
    while (waiting.length > 0) {
      await pace.due(waiting.length >= MAX_BATCH)
      const batch = waiting.splice(0, MAX_BATCH)
      try {
        await commit(batch.map(({ entry }) => entry))
        for (const { kept } of batch) kept()
        events.onCommit(pace.succeed(), batch.length)
      } catch (cause) {
        pace.fail()
        events.onCommitFailed()
        const fault = new ServiceFault('record-unavailable', { cause })
        // Where the database hangs, those behind would wait as long again, one batch after the other.
        for (const { lost } of [...batch, ...waiting.splice(0)]) lost(fault)
      }
    }
    committing = false
  }

  return {
    append: (entry) =>
      new Promise((kept, lost) => {
        if (waiting.length >= MAX_WAITING) return lost(new ServiceFault('record-unavailable'))
        waiting.push({ entry, kept, lost })
        if (committing) return
        committing = true
        setImmediate(() => void commitWaiting())
      }),
    probe: () => (pace.tellFailure() ? Promise.reject(new ServiceFault('record-unavailable')) : probe(db)),
  }
}

/** Appends entries to a writer's chain by one statement, whose text is made once for each number of them. */
function createCommitter(
  db: Database,
  writer: Writer,
  link: LinkEntry,
): (entries: readonly AuditEntry[]) => Promise<void> {
  /** Unknown at the beginning, and after a failure: then the database is asked what it holds. */
  let end: ChainEnd | undefined
  const texts = new Map<number, string>()
  return async (entries) => {
    let last = end ?? (await findChainEnd(db, writer))
    end = undefined
    const chained = entries.map((entry) => {
      const next = link(last, entry)
      last = next
      return next
    })
    const text = texts.get(chained.length) ?? db.insertInto('audit_entry').values(chained.map(toRow)).compile().sql
    texts.set(chained.length, text)
    await db.executeQuery(CompiledQuery.raw(text, chained.flatMap(toValues)))
    end = last
  }
}

/** The end of a writer's chain; before its first entry, what that entry has to name. */
async function findChainEnd(db: Database, { name, chain }: Writer): Promise<ChainEnd> {
  const own = await findEndOrMarker(db, chain)
  if (own !== undefined) return own
  const before = await findPreviousChain(db, name)
  const last = before === undefined ? undefined : await findEndOrMarker(db, before)
  const start = { chain, sequence: 0, writer: name }
  return last === undefined ? start : { ...start, hash: last.hash, previousChain: `${last.chain}:${last.sequence}` }
}

/** The chain that a writer had last; of one whose beginning was removed by retention, its stub tells. */
async function findPreviousChain(db: Database, writer: string): Promise<string | undefined> {
  const kept = await db
    .selectFrom('audit_entry')
    .select('chain')
    .where('writer', '=', writer)
    .orderBy('time', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (kept !== undefined) return kept.chain
  const removed = await db
    .selectFrom('audit_stub')
    .select('chain')
    .where('writer', '=', writer)
    .orderBy('began', 'desc')
    .limit(1)
    .executeTakeFirst()
  return removed?.chain
}

/** The last entry of a chain. */
export const findLastChain = (db: Database, chain: string): Promise<ChainHead | undefined> =>
  findEndInChain(db, 'audit_entry', chain)

/** The end of a chain, also where retention removed all of it. */
const findEndOrMarker = async (db: Database, chain: string): Promise<ChainHead | undefined> =>
  (await findLastChain(db, chain)) ?? findEndInChain(db, 'audit_stub', chain)

const findEndInChain = (
  db: Database,
  table: 'audit_entry' | 'audit_stub',
  chain: string,
): Promise<ChainHead | undefined> =>
  db
    .selectFrom(table)
    .select(['chain', 'sequence', 'hash'])
    .where('chain', '=', chain)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()

const probe = (db: Database): Promise<void> =>
  orUnavailable(async () => {
    const first = { id: 1, time: 0 }
    await db
      .insertInto('probe')
      .values(first)
      .onConflict((same) => same.column('id').doUpdateSet({ time: sql`probe.time + 1` }))
      .execute()
  })
