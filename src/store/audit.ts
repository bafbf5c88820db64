import { sql } from 'kysely'
import type { AuditEntry, ChainedEntry, ChainEnd } from '../contract/audit.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Ledger } from '../service/ports.ts'
import { available } from './available.ts'
import type { Database, Tables } from './schema.ts'

/** How a chain grows: given its end and the next entry, the next as it is kept. */
export type Link = (end: ChainEnd, entry: AuditEntry) => ChainedEntry

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
 */
export function openLedger(db: Database, writer: Writer, link: Link): Ledger {
  const waiting: Waiting[] = []
  let committing = false
  /** Unknown at the beginning, and after a failure: then the database is asked what it holds. */
  let end: ChainEnd | undefined
  /** Whether the last commit failed. A probe tells it once, for less may still fit on a full disk, and then tries anew. */
  let failed = false

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const chained = linked(end ?? (await endOf(db, writer)), batch, link)
    end = undefined
    await db.insertInto('audit_entry').values(chained.map(rowOf)).execute()
    end = chained.at(-1)
  }

  async function commitWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH)
      try {
        await commit(batch)
        failed = false
        for (const { kept } of batch) kept()
      } catch (cause) {
        failed = true
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
    probe() {
      if (!failed) return probe(db)
      failed = false
      return Promise.reject(new ServiceFault('record-unavailable'))
    },
  }
}

/** The entries of a batch, each linked to the one before. */
function linked(end: ChainEnd, batch: readonly Waiting[], link: Link): ChainedEntry[] {
  let last = end
  return batch.map(({ entry }) => {
    const chained = link(last, entry)
    last = chained
    return chained
  })
}

/** The end of a writer's chain; before its first entry, what that entry has to name. */
async function endOf(db: Database, { name, chain }: Writer): Promise<ChainEnd> {
  const own = await lastOf(db, chain)
  if (own !== undefined) return own
  const before = await db
    .selectFrom('audit_entry')
    .select('chain')
    .where('writer', '=', name)
    .orderBy('time', 'desc')
    .limit(1)
    .executeTakeFirst()
  const last = before === undefined ? undefined : await lastOf(db, before.chain)
  const start = { chain, sequence: 0, writer: name }
  return last === undefined ? start : { ...start, hash: last.hash, previousChain: `${last.chain}:${last.sequence}` }
}

const lastOf = (db: Database, chain: string) =>
  db
    .selectFrom('audit_entry')
    .select(['chain', 'sequence', 'hash'])
    .where('chain', '=', chain)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()

const probe = (db: Database): Promise<void> =>
  available(async () => {
    const first = { id: 1, time: 0 }
    await db
      .insertInto('probe')
      .values(first)
      .onConflict((same) => same.column('id').doUpdateSet({ time: sql`probe.time + 1` }))
      .execute()
  })

function rowOf(entry: ChainedEntry): Tables['audit_entry'] {
  return {
    chain: entry.chain,
    sequence: entry.sequence,
    time: entry.time,
    request_id: entry.requestId,
    caller: entry.caller,
    on_behalf_of: entry.onBehalfOf ?? null,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code ?? null,
    room: entry.room ?? null,
    user_id: entry.userId ?? null,
    role: entry.role ?? null,
    jti: entry.jti ?? null,
    kid: entry.kid ?? null,
    lifetime_seconds: entry.lifetimeSeconds ?? null,
    writer: entry.writer ?? null,
    previous_chain: entry.previousChain ?? null,
    previous_hash: entry.previousHash,
    hash: entry.hash,
  }
}
