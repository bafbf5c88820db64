import { statfsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openPostgres } from '../../src/store/engines/postgres.ts'
import { openSqlite } from '../../src/store/engines/sqlite.ts'

/** What a row and its places in the indexes take on disk, with room to spare. */
const BYTES_A_ROW = 1500

/** Whether a record of that many rows has room in a folder, twice. */
export function hasRoom(dir: string, rows: number): boolean {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize > 2 * rows * BYTES_A_ROW
}

/**
 * Makes a record of that many tokens, of a million users in two and a half million rooms, as years of use would leave it. Hashes
 * are of the right length and no more: nothing that is measured looks at them.
 */
export async function makeRecord(path: string, rows: number): Promise<void> {
  await (await openSqlite(path)).destroy()
  const file = new DatabaseSync(path)
  try {
    // Indexes that are made last, of sorted rows, are the same indexes in a tenth of the time.
    file.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA threads = 2')
    const indexes = file
      .prepare(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_entry' AND sql IS NOT NULL",
      )
      .all() as { name: string; sql: string }[]
    for (const { name } of indexes) file.exec(`DROP INDEX ${name}`)
    file.exec(insertion(rows))
    for (const { sql } of indexes) file.exec(sql)
    file.exec('PRAGMA journal_mode = WAL')
  } finally {
    file.close()
  }
}

/** Rooms and users are drawn from those that the load asks for too. */
const insertion = (rows: number): string => `${INTO}
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  SELECT '${CHAIN}', i, 1700000000000 + i * 1000, lower(hex(randomblob(16))), 'backend-1',
    'token.issue', 'issued', 'bharattelemed-p' || (abs(random()) % 2500000) || '-d77-1764000000',
    'patient-' || (abs(random()) % 1000000), 'patient', lower(hex(randomblob(16))),
    '${KID}', 5400, iif(i = 1, 'bench', NULL),
    lower(hex(randomblob(32))), lower(hex(randomblob(32)))
  FROM n`

const CHAIN = '00000000-0000-4000-8000-000000000001'
const KID = 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/bench'
const INTO = `INSERT INTO audit_entry (chain, sequence, time, request_id, caller, action, outcome, room, user_id, role, jti,
    kid, lifetime_seconds, writer, previous_hash, hash)`

/** The same record in an empty database of PostgreSQL. */
export async function makeRecordInPostgres(url: string, rows: number): Promise<void> {
  await (await openPostgres(url, () => undefined)).destroy()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: indexes } = await client.query<{ name: string; sql: string }>(
      `SELECT indexname AS name, indexdef AS sql FROM pg_indexes
       WHERE tablename = 'audit_entry' AND indexname <> 'audit_entry_pk'`,
    )
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`)
    await client.query(`${INTO}
      SELECT '${CHAIN}', i, 1700000000000 + i::bigint * 1000, md5(random()::text), 'backend-1', 'token.issue', 'issued',
        'bharattelemed-p' || floor(random() * 2500000)::int || '-d77-1764000000',
        'patient-' || floor(random() * 1000000)::int, 'patient', md5(random()::text), '${KID}', 5400,
        CASE i WHEN 1 THEN 'bench' END, md5(random()::text) || md5(random()::text), md5(random()::text) || md5(random()::text)
      FROM generate_series(1, ${rows}) AS n(i)`)
    for (const { sql } of indexes) await client.query(sql)
    await client.query('VACUUM ANALYZE audit_entry')
  } finally {
    await client.end()
  }
}

/**
 * Makes a record of so many consultations of two people, four hours each. The first thousand take place now, in the rooms
 * that the load asks for; the others are over, one every seven seconds back from there: a million are those of eighty days,
 * none of them so old that it would be forgotten while something is measured.
 */
export async function makeConsultations(path: string, count: number): Promise<void> {
  await (await openSqlite(path)).destroy()
  const file = new DatabaseSync(path)
  try {
    file.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000')
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`
    const startsAt = `${Date.now() - 60_000} - max(i - 999, 0) * 7000`
    file.exec(`INSERT INTO consultation (id, room, version, starts_at, ends_at, waiting_room, created_at, created_by)
      ${numbers} SELECT printf('01980000-0000-7000-8000-%012d', i), 'bharattelemed-p' || (1000 + i) || '-d77-1764000000', 1,
        ${startsAt}, ${startsAt} + 14400000, 0, 0, 'backend-1' FROM n`)
    for (const [position, role] of ['doctor', 'patient'].entries()) {
      file.exec(`INSERT INTO participant (consultation, user_id, position, role, since)
        ${numbers} SELECT printf('01980000-0000-7000-8000-%012d', i), '${role}-' || i, ${position}, '${role}', 0 FROM n`)
    }
    file.exec('PRAGMA journal_mode = WAL')
  } finally {
    file.close()
  }
}
