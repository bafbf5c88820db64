import { sql } from 'kysely'
import type { ChainHead } from '../../contract/audit/checkpoint.ts'
import type { Search } from '../../rules/audit/query.ts'
import type { AuditReader } from '../../service/audit/ports.ts'
import { translateErrors } from '../database/errors.ts'
import { COLUMNS, toEntry } from './row.ts'
import { findChainHead } from './ledger.ts'
import type { Database } from '../database/schema.ts'

const PAGE_SIZE = 1000
const MAX_CHAINS = 100
const POSITIONS_PER_QUERY = 500

/** Opens a reader of the audit record. */
export function openReader(db: Database): AuditReader {
  const selectPage = (chain: string, after: number) =>
    db
      .selectFrom('audit_entry')
      .where('chain', '=', chain)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(PAGE_SIZE)
  return {
    listChains: (after) => translateErrors(() => listChains(db, after)),
    listHeads: (since) => translateErrors(() => listHeads(db, since)),
    readPage: (chain, after) =>
      translateErrors(async () => (await selectPage(chain, after).selectAll().execute()).map(toEntry)),
    readOutline: (chain, after) =>
      translateErrors(async () => {
        const rows = await selectPage(chain, after).select(['chain', 'sequence', 'hash', 'time', 'writer']).execute()
        return rows.map(({ writer, ...row }) => ({ ...row, ...(writer === null ? {} : { writer }) }))
      }),
    findEntries: (positions) => translateErrors(() => findEntries(db, positions)),
    findFirstRenewal: (jti) => translateErrors(() => findFirstRenewal(db, jti)),
    search: (search) => translateErrors(async () => (await buildSearch(db, search).execute()).map(toEntry)),
  }
}

/**
 * Lists chain ids by a loose index scan: each step skips to the next chain in the primary key, however long a chain
 * is.
 */
async function listChains(db: Database, after: string): Promise<string[]> {
  const { rows } = await sql<{ chain: string }>`
    WITH RECURSIVE next (chain, n) AS (
      SELECT min(chain), 1 FROM audit_entry WHERE chain > ${after}
      UNION ALL
      SELECT (SELECT min(entry.chain) FROM audit_entry entry WHERE entry.chain > next.chain), n + 1
      FROM next WHERE next.chain IS NOT NULL AND n < ${MAX_CHAINS}
    ) SELECT chain FROM next WHERE chain IS NOT NULL ORDER BY chain`.execute(db)
  return rows.map(({ chain }) => chain)
}

async function listHeads(db: Database, since: number): Promise<ChainHead[]> {
  const changed = await db.selectFrom('audit_entry').select('chain').distinct().where('time', '>=', since).execute()
  const heads: ChainHead[] = []
  for (const { chain } of changed.toSorted((a, b) => (a.chain < b.chain ? -1 : 1))) {
    const head = await findChainHead(db, chain)
    if (head !== undefined) heads.push(head)
  }
  return heads
}

async function findEntries(
  db: Database,
  positions: readonly Pick<ChainHead, 'chain' | 'sequence'>[],
): Promise<ChainHead[]> {
  const found: ChainHead[] = []
  for (let from = 0; from < positions.length; from += POSITIONS_PER_QUERY) {
    const wanted = positions
      .slice(from, from + POSITIONS_PER_QUERY)
      .map(({ chain, sequence }) => sql`(${chain}, cast(${sequence} as bigint))`)
    const rows = await db
      .selectFrom('audit_entry')
      .select(['chain', 'sequence', 'hash'])
      .where(sql<boolean>`(chain, sequence) IN (VALUES ${sql.join(wanted)})`)
      .execute()
    found.push(...rows)
  }
  return found
}

async function findFirstRenewal(db: Database, jti: string): Promise<number | undefined> {
  const first = await db
    .selectFrom('audit_entry')
    .select((select) => select.fn.min<number | null>('time').as('time'))
    .where('renews', '=', jti)
    .where('outcome', '=', 'issued')
    .executeTakeFirst()
  return first?.time ?? undefined
}

/** The fields of a search, the most selective first. */
const BY_SELECTIVITY = ['jti', 'consultation', 'userId', 'room', 'caller', 'outcome', 'action'] as const

/**
 * Builds the query of a search for entries, newest first. The cost of a page depends on its size only, because an
 * index returns the entries in order. Only the most selective field can use its index: `coalesce` hides the others
 * from the planner of SQLite, which might choose any one of them.
 */
export function buildSearch(db: Database, { from, to, equal, after, limit }: Search) {
  let query = db.selectFrom('audit_entry').selectAll()
  const fields = BY_SELECTIVITY.filter((name) => equal[name] !== undefined)
  for (const name of fields) {
    const value = equal[name] ?? ''
    query =
      name === fields[0]
        ? query.where(COLUMNS[name], '=', value)
        : query.where(sql<boolean>`coalesce(${sql.ref(COLUMNS[name])}, '') = ${value}`)
  }
  if (from !== undefined) query = query.where('time', '>=', from)
  if (to !== undefined) query = query.where('time', '<', to)
  if (after !== undefined) {
    const { time, chain, sequence } = after
    query = query.where(sql<boolean>`(time, chain, sequence) < (${time}, ${chain}, ${sequence})`)
  }
  return query.orderBy('time', 'desc').orderBy('chain', 'desc').orderBy('sequence', 'desc').limit(limit)
}
