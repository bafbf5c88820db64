import type { CommitEvents } from '../../service/events.ts'
import { CompiledQuery, sql } from 'kysely'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../../contract/audit/audit-entry.ts'
import type { ChainHead } from '../../contract/audit/checkpoint.ts'
import { ServiceFault } from '../../service/fault.ts'
import type { Ledger } from '../../service/ports.ts'
import { translateErrors } from '../database/errors.ts'
import { toRow, toValues } from './row.ts'
import { createCommitScheduler } from './commit-scheduler.ts'
import type { Database } from '../database/schema.ts'

/** Links an entry to the end of its chain: adds the sequence and the hashes. */
export type LinkEntry = (end: ChainEnd, entry: AuditEntry) => ChainedEntry

/**
 * The name of a writer, and the id of its current chain. Each start of a writer begins a new chain, so that no writer
 * waits for another.
 */
export type Writer = { name: string; chain: string }

type PendingAppend = { entry: AuditEntry; resolve: (position: string) => void; reject: (fault: ServiceFault) => void }

/**
 * The most rows of one INSERT. It limits the number of distinct statements and the variables, which SQLite limits
 * too.
 */
const MAX_BATCH = 128

/** The most entries that wait for a commit. If more arrive, the record counts as unavailable. */
const MAX_WAITING = 10_000

/**
 * Opens the ledger of a writer. It commits entries in groups: one INSERT writes all entries that wait, and the
 * promise of each entry resolves when its group is on disk. Measured on SQLite, 2000 appends at concurrency 64,
 * compared to one commit per entry in alternation: 2.5 to 2.8 times the throughput and 0.14 of the CPU time per
 * entry.
 * @param link links an entry to the one before it
 * @param events receives each commit
 * @param signingWaitMs returns the expected wait for a signature, in milliseconds
 */
export function openLedger(
  db: Database,
  writer: Writer,
  link: LinkEntry,
  events: CommitEvents,
  signingWaitMs: () => number = () => 0,
): Ledger {
  const waiting: PendingAppend[] = []
  const commit = createCommitter(db, writer, link)
  const scheduler = createCommitScheduler(signingWaitMs)
  let committing = false

  async function commitWaiting(): Promise<void> {
    while (waiting.length > 0) {
      await scheduler.waitUntilDue(waiting.length >= MAX_BATCH)
      const batch = waiting.splice(0, MAX_BATCH)
      try {
        const positions = await commit(batch.map(({ entry }) => entry))
        for (const [index, { resolve }] of batch.entries()) resolve(positions[index] ?? '')
        events.onCommit(scheduler.recordSuccess(), batch.length)
      } catch (cause) {
        scheduler.recordFailure()
        events.onCommitFailed()
        const fault = new ServiceFault('record-unavailable', { cause })
        // If the database hangs, later batches would each wait for a timeout of their own.
        for (const { reject } of [...batch, ...waiting.splice(0)]) reject(fault)
      }
    }
    committing = false
  }

  return {
    append: (entry) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) return reject(new ServiceFault('record-unavailable'))
        waiting.push({ entry, resolve, reject })
        if (committing) return
        committing = true
        setImmediate(() => void commitWaiting())
      }),
    probe: () =>
      scheduler.consumeFailure() ? Promise.reject(new ServiceFault('record-unavailable')) : writeProbeRow(db),
  }
}

/** Creates a function that appends entries to the chain of a writer with one statement, and returns their positions. */
function createCommitter(
  db: Database,
  writer: Writer,
  link: LinkEntry,
): (entries: readonly AuditEntry[]) => Promise<string[]> {
  /** Undefined before the first commit and after a failure; the database is queried then. */
  let end: ChainEnd | undefined
  /** SQL texts by the number of entries. */
  const statementCache = new Map<number, string>()
  return async (entries) => {
    let last = end ?? (await findChainEnd(db, writer))
    end = undefined
    const chained = entries.map((entry) => {
      const next = link(last, entry)
      last = next
      return next
    })
    const statement =
      statementCache.get(chained.length) ?? db.insertInto('audit_entry').values(chained.map(toRow)).compile().sql
    statementCache.set(chained.length, statement)
    await db.executeQuery(CompiledQuery.raw(statement, chained.flatMap(toValues)))
    end = last
    return chained.map(({ chain, sequence }) => `${chain}:${sequence}`)
  }
}

/**
 * Finds the end of a writer's chain. If the chain has no entry yet, the end refers to the previous chain of the
 * writer.
 */
async function findChainEnd(db: Database, { name, chain }: Writer): Promise<ChainEnd> {
  const current = await findEntryOrMarker(db, chain)
  if (current !== undefined) return current
  const previous = await findPreviousChain(db, name)
  const last = previous === undefined ? undefined : await findEntryOrMarker(db, previous)
  const start = { chain, sequence: 0, writer: name }
  return last === undefined ? start : { ...start, hash: last.hash, previousChain: `${last.chain}:${last.sequence}` }
}

/** Finds the last chain of a writer, by its first entry, or by a retention marker if retention removed that entry. */
async function findPreviousChain(db: Database, writer: string): Promise<string | undefined> {
  const entry = await db
    .selectFrom('audit_entry')
    .select('chain')
    .where('writer', '=', writer)
    .orderBy('time', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (entry !== undefined) return entry.chain
  const marker = await db
    .selectFrom('audit_stub')
    .select('chain')
    .where('writer', '=', writer)
    .orderBy('began', 'desc')
    .limit(1)
    .executeTakeFirst()
  return marker?.chain
}

/** Finds the last entry of a chain. */
export const findChainHead = (db: Database, chain: string): Promise<ChainHead | undefined> =>
  findLastRow(db, 'audit_entry', chain)

/** Finds the last entry of a chain, or the newest retention marker if retention removed all entries. */
const findEntryOrMarker = async (db: Database, chain: string): Promise<ChainHead | undefined> =>
  (await findChainHead(db, chain)) ?? findLastRow(db, 'audit_stub', chain)

const findLastRow = (
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

const writeProbeRow = (db: Database): Promise<void> =>
  translateErrors(async () => {
    const first = { id: 1, time: 0 }
    await db
      .insertInto('probe')
      .values(first)
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ time: sql`probe.time + 1` }))
      .execute()
  })
