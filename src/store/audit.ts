import { sql } from 'kysely'
import type { AuditEntry, ChainedEntry } from '../contract/audit.ts'
import { ServiceFault } from '../service/fault.ts'
import type { Ledger } from '../service/ports.ts'
import type { Database, Tables } from './schema.ts'

/** How a chain grows: given the last entry and the next, the next as it is kept. */
type Chain = (previous: Pick<ChainedEntry, 'sequence' | 'hash'> | undefined, entry: AuditEntry) => ChainedEntry

type Waiting = { entry: AuditEntry; kept: () => void; lost: (fault: ServiceFault) => void }

/** Rows of one INSERT. It bounds the number of distinct statements, and stays far under SQLite's limit of variables. */
const MAX_BATCH = 128

/** Entries that may wait for the disk; past it the record counts as unavailable. */
const MAX_WAITING = 10_000

/**
 * Keeps entries in groups: what was appended in one turn of the event loop is committed in one transaction, and each
 * promise resolves once its group is on disk.
 * @param chain links an entry to the one before
 */
export function openLedger(db: Database, chain: Chain): Ledger {
  let waiting: Waiting[] = []
  let committing = false

  async function commitWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      await inTransaction(db, (trx) => keep(trx, chain, batch)).then(
        () => batch.forEach(({ kept }) => kept()),
        (cause: unknown) => batch.forEach(({ lost }) => lost(new ServiceFault('record-unavailable', { cause }))),
      )
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
    async probe() {
      const first = { id: 1, time: 0 }
      await inTransaction(db, (trx) =>
        trx
          .insertInto('probe')
          .values(first)
          .onConflict((same) => same.column('id').doUpdateSet({ time: sql`time + 1` }))
          .execute(),
      ).catch((cause: unknown) => {
        throw new ServiceFault('record-unavailable', { cause })
      })
    },
  }
}

async function keep(db: Database, chain: Chain, batch: readonly Waiting[]): Promise<void> {
  // Read each time, not remembered: another process (an operator's command) may have written in between.
  let previous: Pick<ChainedEntry, 'sequence' | 'hash'> | undefined = await db
    .selectFrom('audit_entry')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  const rows = batch.map(({ entry }) => {
    const chained = chain(previous, entry)
    previous = chained
    return row(chained)
  })
  await db.insertInto('audit_entry').values(rows).execute()
}

/** Takes the write lock at once (BEGIN IMMEDIATE): what was read under it is still true when it is written upon. */
async function inTransaction(db: Database, work: (db: Database) => Promise<unknown>): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection)
    try {
      await work(connection)
      await sql`commit`.execute(connection)
    } catch (error) {
      // SQLite may have rolled back by itself (a full disk does that); then this one fails, and that is well.
      await sql`rollback`.execute(connection).catch(() => undefined)
      throw error
    }
  })
}

function row(entry: ChainedEntry): Tables['audit_entry'] {
  return {
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
    previous_hash: entry.previousHash,
    hash: entry.hash,
  }
}
