/** What stands in each of the million entries, as an expression over its number. */
const VALUES = `'chain-' || (i % 10), i / 10 + 1, 1700000000000 + i * 50, 'request-' || i, 'caller-' || (i % 20), 'token.issue',
  CASE WHEN i % 100 = 0 THEN 'refused' ELSE 'issued' END, 'room-' || (i % 50000), 'user-' || (i % 30000), 'jti-' || i, 'kid',
  5400, 'previous', 'hash'`
const COLUMNS =
  'chain, sequence, time, request_id, caller, action, outcome, room, user_id, jti, kid, lifetime_seconds, previous_hash, hash'

/** Fills a record with a million entries, made by the database itself: ten chains, 1 % refused, 20 entries a second. */
export async function fillWithAMillion(
  engine: 'sqlite' | 'postgres',
  run: (statement: string) => Promise<unknown[]>,
): Promise<void> {
  const catalog =
    engine === 'sqlite'
      ? `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_entry' AND sql IS NOT NULL`
      : `SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE tablename = 'audit_entry' AND indexname <> 'audit_entry_pk'`
  const indexes = (await run(catalog)) as { name: string; sql: string }[]
  // Indexes are built in a third of the time once the rows are there; what a crash would lose does not matter here.
  for (const { name } of indexes) await run(`DROP INDEX ${name}`)
  if (engine === 'sqlite') {
    for (const pragma of ['synchronous = OFF', 'cache_size = -200000']) await run(`PRAGMA ${pragma}`)
    await run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) INSERT INTO audit_entry (${COLUMNS}) SELECT ${VALUES} FROM n`,
    )
  } else {
    await run("SET maintenance_work_mem = '256MB'")
    await run('ALTER TABLE audit_entry SET UNLOGGED')
    await run(`INSERT INTO audit_entry (${COLUMNS}) SELECT ${VALUES} FROM generate_series(1, 1000000::bigint) i`)
  }
  for (const index of indexes) await run(index.sql)
  if (engine === 'postgres') await run('ANALYZE audit_entry')
}
