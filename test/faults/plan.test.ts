import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, it } from 'vitest'
import { openReader } from '../../src/store/audit/reader.ts'
import { openPostgres } from '../../src/store/engines/postgres.ts'
import { openSqlite } from '../../src/store/engines/sqlite.ts'
import { tempDir } from '../kit.ts'
import { newPostgres } from '../store/engines/engines.ts'
import { fillWithAMillion } from '../store/audit/million-entries.ts'
import { answersFrom, EXPECTED } from '../store/audit/query-plan.ts'

it('a record of a million entries in SQLite is asked through its indexes alone', async () => {
  const path = join(tempDir(), 'service.db')
  const db = await openSqlite(path)
  const file = new DatabaseSync(path)
  await fillWithAMillion('sqlite', async (statement) => file.prepare(statement).all())
  file.close()
  expect(await answersFrom(db, 'sqlite')).toStrictEqual(EXPECTED)
  expect(await openReader(db).listHeads(1_700_049_999_000)).toHaveLength(10)
  await db.destroy()
})

const there = process.env['TEST_DATABASE_URL'] !== undefined

it.skipIf(!there)(
  `a record of a million entries in PostgreSQL is asked through its indexes alone${there ? '' : ' (skipped: no TEST_DATABASE_URL)'}`,
  async () => {
    const url = await newPostgres()
    const db = await openPostgres(url, () => undefined)
    // What takes longer than a statement of the service may.
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await fillWithAMillion('postgres', async (statement) => (await client.query<object>(statement)).rows)
    await client.end()
    expect(await answersFrom(db, 'postgres')).toStrictEqual(EXPECTED)
    expect(await openReader(db).listHeads(1_700_049_999_000)).toHaveLength(10)
    await db.destroy()
  },
)
