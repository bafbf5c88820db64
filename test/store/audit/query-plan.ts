import { sql } from 'kysely'
import type { Search } from '../../../src/rules/audit/query.ts'
import { openReader, buildSearch } from '../../../src/store/audit/reader.ts'
import type { Database } from '../../../src/store/database/schema.ts'

/** A place in the middle of the record. */
const AFTER = { time: 1_700_025_000_000, chain: 'chain-5', sequence: 50_001 }
const HOUR = { from: 1_700_020_000_000, to: 1_700_023_600_000 }

/** What an auditor asks, and the entries that answer it, at most a hundred. */
const SEARCHES: [name: string, search: Omit<Search, 'limit'>, answers: number][] = [
  ['everything', { equal: {} }, 100],
  ['a page in the middle', { equal: {}, after: AFTER }, 100],
  ['an hour', { equal: {}, ...HOUR }, 100],
  ['a room', { equal: { room: 'room-77' } }, 20],
  ['a room, from the middle on', { equal: { room: 'room-77' }, after: AFTER }, 10],
  ['a user', { equal: { userId: 'user-77' } }, 34],
  ['a user in an hour', { equal: { userId: 'user-77' }, ...HOUR }, 2],
  ['a caller', { equal: { caller: 'caller-7' } }, 100],
  ['a caller in an hour', { equal: { caller: 'caller-7' }, ...HOUR, after: AFTER }, 100],
  ['an action', { equal: { action: 'token.issue' } }, 100],
  ['an outcome', { equal: { outcome: 'refused' }, after: AFTER }, 100],
  ['a token', { equal: { jti: 'jti-777777' } }, 1],
  ['a token that is not there', { equal: { jti: 'none' } }, 0],
  ['a room and a user', { equal: { room: 'room-77', userId: 'user-77' } }, 7],
  ['a room and a caller', { equal: { caller: 'caller-17', room: 'room-77' } }, 20],
  ['a consultation that is not there', { equal: { consultation: 'none' } }, 0],
  ['a caller and an outcome', { equal: { caller: 'caller-0', outcome: 'refused' } }, 100],
]

type Node = { 'Node Type': string; 'Plan Rows': number; Plans?: Node[] }
const nodesOf = (node: Node): string[] => [
  `${node['Node Type']}${node['Node Type'] === 'Sort' && node['Plan Rows'] > FEW ? ' of many' : ''}`,
  ...(node.Plans ?? []).flatMap(nodesOf),
]

/** PostgreSQL sorts what it found where that is quicker than going along an index; more than this must not be. */
const FEW = 1000

/** The steps of the plan of a search. */
export async function planOf(
  db: Database,
  engine: 'sqlite' | 'postgres',
  search: Omit<Search, 'limit'>,
): Promise<string[]> {
  const query = buildSearch(db, { ...search, limit: 100 })
  if (engine === 'sqlite') {
    const rows = await query.explain<{ detail: string }>(undefined, sql`query plan`)
    return rows.map(({ detail }) => detail)
  }
  const [row] = await query.explain<{ 'QUERY PLAN': { Plan: Node }[] }>('json')
  return row?.['QUERY PLAN'].flatMap(({ Plan }) => nodesOf(Plan)) ?? []
}

/** What every step may be: an index finds the answer, no table is read through, and nothing sorted but a few: those of one
 * millisecond, or what was found where that is quicker. */
const STEP = {
  sqlite: /^((SEARCH|SCAN) audit_entry USING INDEX |USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY$)/,
  postgres: /^(Limit|Sort|Incremental Sort|Index Scan|Bitmap Heap Scan|Bitmap Index Scan|BitmapAnd)$/,
}

/** Each search with the steps of its plan that may not be, and how many entries answered it. */
export async function answersFrom(db: Database, engine: 'sqlite' | 'postgres') {
  const reader = openReader(db)
  const answers: [name: string, wrong: string[], answers: number][] = []
  for (const [name, search] of SEARCHES) {
    const plan = await planOf(db, engine, search)
    const wrong = plan.length === 0 ? ['no plan'] : plan.filter((step) => !STEP[engine].test(step))
    answers.push([name, wrong, (await reader.search({ ...search, limit: 100 })).length])
  }
  return answers
}

/** What `answersFrom` has to give. */
export const EXPECTED = SEARCHES.map(([name, , answers]) => [name, [], answers])
