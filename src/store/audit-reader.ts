import { sql } from 'kysely'
import type { ChainedEntry } from '../contract/audit.ts'
import type { AuditReader, Search } from '../service/ports.ts'
import { available } from './available.ts'
import type { Database, Tables } from './schema.ts'

const PAGE = 1000

/** Reads the record, page by page. */
export function openReader(db: Database): AuditReader {
  const ofChain = (chain: string) => db.selectFrom('audit_entry').selectAll().where('chain', '=', chain)
  return {
    chains: () =>
      available(async () => {
        const rows = await db
          .selectFrom('audit_entry')
          .select(['chain', sql<number>`min(time)`.as('began')])
          .groupBy('chain')
          .orderBy('began')
          .orderBy('chain')
          .execute()
        return rows.map(({ chain }) => chain)
      }),
    heads: () =>
      available(() =>
        db
          .selectFrom('audit_entry as entry')
          .innerJoin(
            (of) =>
              of
                .selectFrom('audit_entry')
                .select(['chain', sql<number>`max(sequence)`.as('last')])
                .groupBy('chain')
                .as('end'),
            (join) => join.onRef('end.chain', '=', 'entry.chain').onRef('end.last', '=', 'entry.sequence'),
          )
          .select(['entry.chain', 'entry.sequence', 'entry.hash'])
          .orderBy('entry.chain')
          .execute(),
      ),
    page: (chain, after) =>
      available(async () => {
        const rows = await ofChain(chain).where('sequence', '>', after).orderBy('sequence').limit(PAGE).execute()
        return rows.map(entryOf)
      }),
    search: (search) => available(async () => (await found(db, search)).map(entryOf)),
    entry: (chain, sequence) =>
      available(async () => {
        const row = await ofChain(chain).where('sequence', '=', sequence).executeTakeFirst()
        return row === undefined ? undefined : entryOf(row)
      }),
  }
}

const COLUMNS = {
  room: 'room',
  userId: 'user_id',
  caller: 'caller',
  jti: 'jti',
  action: 'action',
  outcome: 'outcome',
} as const

/** Entries by what they say, newest first, through the indexes: a page costs what it holds, not what lies before it. */
function found(db: Database, { from, to, equal, before, limit }: Search): Promise<Tables['audit_entry'][]> {
  let query = db.selectFrom('audit_entry').selectAll()
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = equal[name as keyof typeof COLUMNS]
    if (value !== undefined) query = query.where(column, '=', value)
  }
  if (from !== undefined) query = query.where('time', '>=', from)
  if (to !== undefined) query = query.where('time', '<', to)
  if (before !== undefined) {
    const { time, chain, sequence } = before
    query = query.where(sql<boolean>`(time, chain, sequence) < (${time}, ${chain}, ${sequence})`)
  }
  return query.orderBy('time', 'desc').orderBy('chain', 'desc').orderBy('sequence', 'desc').limit(limit).execute()
}

/** A row as the entry that it is: what is null there is absent. */
function entryOf(row: Tables['audit_entry']): ChainedEntry {
  const all = {
    chain: row.chain,
    sequence: row.sequence,
    time: row.time,
    requestId: row.request_id,
    caller: row.caller,
    onBehalfOf: row.on_behalf_of,
    action: row.action,
    outcome: row.outcome,
    code: row.code,
    room: row.room,
    userId: row.user_id,
    role: row.role,
    jti: row.jti,
    kid: row.kid,
    lifetimeSeconds: row.lifetime_seconds,
    writer: row.writer,
    previousChain: row.previous_chain,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as ChainedEntry
}
