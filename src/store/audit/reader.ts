import { sql } from 'kysely'
import type { ChainHead } from '../../contract/audit/checkpoint.ts'
import type { Search } from '../../rules/audit/query.ts'
import type { AuditReader } from '../../service/audit/ports.ts'
import { orUnavailable } from '../database/errors.ts'
import { COLUMNS, toEntry } from './row.ts'
import { findLastChain } from './ledger.ts'
import type { Database } from '../database/schema.ts'

const PAGE = 1000
const CHAINS = 100
const PLACES = 500

/** Reads the record, page by page. */
export function openReader(db: Database): AuditReader {
  const ofChain = (chain: string, after: number) =>
    db
      .selectFrom('audit_entry')
      .where('chain', '=', chain)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(PAGE)
  return {
    listChains: (after) => orUnavailable(() => listChains(db, after)),
    listHeads: (since) => orUnavailable(() => listHeads(db, since)),
    readPage: (chain, after) =>
      orUnavailable(async () => (await ofChain(chain, after).selectAll().execute()).map(toEntry)),
    readOutline: (chain, after) =>
      orUnavailable(async () => {
        const rows = await ofChain(chain, after).select(['chain', 'sequence', 'hash', 'time', 'writer']).execute()
        return rows.map(({ writer, ...row }) => ({ ...row, ...(writer === null ? {} : { writer }) }))
      }),
    findEntries: (places) => orUnavailable(() => findEntries(db, places)),
    search: (search) => orUnavailable(async () => (await buildSearch(db, search).execute()).map(toEntry)),
  }
}

/** The next ids of chains: the primary key is jumped along, however many entries a chain has. */
async function listChains(db: Database, after: string): Promise<string[]> {
  const { rows } = await sql<{ chain: string }>`
    WITH RECURSIVE next (chain, n) AS (
      SELECT min(chain), 1 FROM audit_entry WHERE chain > ${after}
      UNION ALL
      SELECT (SELECT min(entry.chain) FROM audit_entry entry WHERE entry.chain > next.chain), n + 1
      FROM next WHERE next.chain IS NOT NULL AND n < ${CHAINS}
    ) SELECT chain FROM next WHERE chain IS NOT NULL ORDER BY chain`.execute(db)
  return rows.map(({ chain }) => chain)
}

async function listHeads(db: Database, since: number): Promise<ChainHead[]> {
  const grown = await db.selectFrom('audit_entry').select('chain').distinct().where('time', '>=', since).execute()
  const heads: ChainHead[] = []
  for (const { chain } of grown.toSorted((a, b) => (a.chain < b.chain ? -1 : 1))) {
    const head = await findLastChain(db, chain)
    if (head !== undefined) heads.push(head)
  }
  return heads
}

async function findEntries(
  db: Database,
  places: readonly Pick<ChainHead, 'chain' | 'sequence'>[],
): Promise<ChainHead[]> {
  const there: ChainHead[] = []
  for (let from = 0; from < places.length; from += PLACES) {
    const wanted = places
      .slice(from, from + PLACES)
      .map(({ chain, sequence }) => sql`(${chain}, cast(${sequence} as bigint))`)
    const rows = await db
      .selectFrom('audit_entry')
      .select(['chain', 'sequence', 'hash'])
      .where(sql<boolean>`(chain, sequence) IN (VALUES ${sql.join(wanted)})`)
      .execute()
    there.push(...rows)
  }
  return there
}

/** What an entry is looked for by, that of which the fewest have the same first. */
const BY_RARITY = ['jti', 'consultation', 'userId', 'room', 'caller', 'outcome', 'action'] as const

/**
 * Entries by what they say, newest first, through the indexes: a page costs what it holds, not what lies before it. Of
 * several things only the rarest leads the way, for SQLite would follow any one of them.
 */
export function buildSearch(db: Database, { from, to, equal, before, limit }: Search) {
  let query = db.selectFrom('audit_entry').selectAll()
  const asked = BY_RARITY.filter((name) => equal[name] !== undefined)
  for (const name of asked) {
    const value = equal[name] ?? ''
    query =
      name === asked[0]
        ? query.where(COLUMNS[name], '=', value)
        : query.where(sql<boolean>`coalesce(${sql.ref(COLUMNS[name])}, '') = ${value}`)
  }
  if (from !== undefined) query = query.where('time', '>=', from)
  if (to !== undefined) query = query.where('time', '<', to)
  if (before !== undefined) {
    const { time, chain, sequence } = before
    query = query.where(sql<boolean>`(time, chain, sequence) < (${time}, ${chain}, ${sequence})`)
  }
  return query.orderBy('time', 'desc').orderBy('chain', 'desc').orderBy('sequence', 'desc').limit(limit)
}
